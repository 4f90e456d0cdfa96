/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "security/secret_memory.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *wm_secret_alloc(size_t len)
{
    void *memory = len ? mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;

    if (memory == MAP_FAILED)
        return NULL;
    if (madvise(memory, len, MADV_DONTDUMP) != 0) { /* rather no key than one in a core dump */
        munmap(memory, len);
        return NULL;
    }
    /* A look-up in a large table touches it anywhere: with huge pages it misses the cache alone, not the page tables too. Only
     * advice: whether the system follows it is no matter. */
    if (len >= HUGE_PAGE)
        (void)madvise(memory, len, MADV_HUGEPAGE);
    return memory;
}

void wm_secret_free(void *memory, size_t len)
{
    if (!memory)
        return;
    OPENSSL_cleanse(memory, len);
    munmap(memory, len);
}

/* Small pieces come in size classes of powers of two, each with a list of free pieces; what is larger than a page's worth gets a
 * mapping of its own. In front of each piece stands its class. This is the process's heap for OpenSSL, hence global; a lock guards
 * it. */
enum { SMALLEST = 32, CLASSES = 10, CHUNK = 1 << 18, LARGE = 64 };

struct piece {
    uint64_t size_class; /* 0 to CLASSES - 1, or LARGE and then len is the mapping's */
    uint64_t len;        /* asked for */
};

static struct {
    pthread_mutex_t lock;
    struct piece *free[CLASSES];
    uint8_t *chunk;
    size_t left;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

_Static_assert(sizeof(struct piece) == 16, "pieces stay aligned for any type");

static struct piece *new_piece(unsigned size_class)
{
    size_t bytes = sizeof(struct piece) + ((size_t)SMALLEST << size_class);
    struct piece *piece = heap.free[size_class];

    if (piece) {
        heap.free[size_class] = *(struct piece **)(void *)(piece + 1);
        return piece;
    }
    if (heap.left < bytes) { /* the rest of the old chunk stays unused: at most one piece's worth */
        heap.chunk = wm_secret_alloc(CHUNK);
        heap.left = heap.chunk ? CHUNK : 0;
        if (!heap.chunk)
            return NULL;
    }
    piece = (struct piece *)(void *)heap.chunk;
    heap.chunk += bytes;
    heap.left -= bytes;
    return piece;
}

void *wm_secret_piece(size_t len)
{
    unsigned size_class = 0;
    struct piece *piece;

    if (len == 0 || len > SIZE_MAX / 2)
        return NULL;
    while (size_class < CLASSES && ((size_t)SMALLEST << size_class) < len)
        size_class++;
    if (size_class == CLASSES) {
        piece = wm_secret_alloc(sizeof *piece + len);
        size_class = LARGE;
    } else {
        pthread_mutex_lock(&heap.lock);
        piece = new_piece(size_class);
        pthread_mutex_unlock(&heap.lock);
    }
    if (!piece)
        return NULL;
    *piece = (struct piece){.size_class = size_class, .len = len};
    return piece + 1;
}

void wm_secret_piece_free(void *memory)
{
    struct piece *piece = memory ? (struct piece *)memory - 1 : NULL;

    if (!piece)
        return;
    if (piece->size_class == LARGE) {
        wm_secret_free(piece, sizeof *piece + piece->len);
        return;
    }
    OPENSSL_cleanse(memory, piece->len);
    pthread_mutex_lock(&heap.lock);
    *(struct piece **)memory = heap.free[piece->size_class];
    heap.free[piece->size_class] = piece;
    pthread_mutex_unlock(&heap.lock);
}

void *wm_secret_piece_resize(void *memory, size_t len)
{
    struct piece *piece = memory ? (struct piece *)memory - 1 : NULL;
    void *grown;

    if (!piece)
        return wm_secret_piece(len);
    if (len == 0) {
        wm_secret_piece_free(memory);
        return NULL;
    }
    grown = wm_secret_piece(len);
    if (!grown)
        return NULL;
    memcpy(grown, memory, piece->len < len ? piece->len : len);
    wm_secret_piece_free(memory);
    return grown;
}
