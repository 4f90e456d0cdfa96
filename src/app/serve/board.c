/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/serve/board.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define BUCKETS 4096

struct meter {
    struct meter *next;
    char *labels, *json, *values;
    bool readable;
    double heard_s;
    uint64_t telegrams;
};

struct wm_board {
    pthread_mutex_t lock;
    struct meter *bucket[BUCKETS];
    size_t count;
};

enum wm_status wm_board_create(struct wm_board **board)
{
    *board = calloc(1, sizeof **board);
    if (!*board)
        return WM_NO_MEMORY;
    pthread_mutex_init(&(*board)->lock, NULL);
    return WM_OK;
}

void wm_board_destroy(struct wm_board *board)
{
    if (!board)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct meter *meter = board->bucket[i], *next; meter; meter = next) {
            next = meter->next;
            free(meter->labels);
            free(meter->json);
            free(meter->values);
            free(meter);
        }
    }
    pthread_mutex_destroy(&board->lock);
    free(board);
}

static struct meter **place_of(struct wm_board *board, const char *labels, size_t len)
{
    const uint32_t hash = wm_hash(WM_HASH_BEGIN, labels, len);
    struct meter **place;

    for (place = &board->bucket[hash % BUCKETS]; *place; place = &(*place)->next) {
        if (strlen((*place)->labels) == len && memcmp((*place)->labels, labels, len) == 0)
            break;
    }
    return place;
}

static bool replace(char **text, const char *by, size_t len)
{
    char *copy = strndup(by, len);

    if (!copy)
        return false;
    free(*text);
    *text = copy;
    return true;
}

enum wm_status wm_board_put(struct wm_board *board, const struct wm_board_entry *entry)
{
    enum wm_status status = WM_OK;
    struct meter **place, *meter;

    pthread_mutex_lock(&board->lock);
    place = place_of(board, entry->labels, entry->labels_len);
    if (!*place && board->count == WM_BOARD_METERS) {
        status = WM_FULL;
    } else if (!*place) {
        *place = calloc(1, sizeof **place);
        if (*place && !replace(&(*place)->labels, entry->labels, entry->labels_len)) {
            free(*place);
            *place = NULL;
        }
        status = *place ? WM_OK : WM_NO_MEMORY;
        board->count += *place != NULL;
    }
    meter = *place;
    if (status == WM_OK) {
        meter->telegrams++;
        meter->heard_s = entry->heard_s;
        if ((entry->readable || !meter->readable) && replace(&meter->json, entry->json, entry->json_len) &&
            replace(&meter->values, entry->values, entry->values_len))
            meter->readable = entry->readable;
    }
    pthread_mutex_unlock(&board->lock);
    return status;
}

size_t wm_board_count(struct wm_board *board)
{
    size_t count;

    pthread_mutex_lock(&board->lock);
    count = board->count;
    pthread_mutex_unlock(&board->lock);
    return count;
}

/* The lines of one metric stand together (Prometheus, "Text-based format"). */
char *wm_board_metrics(struct wm_board *board, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (!out)
        return NULL;
    pthread_mutex_lock(&board->lock);
    fputs("# HELP wmsdr_meter_telegrams_total Telegrams heard of a meter.\n# TYPE wmsdr_meter_telegrams_total counter\n", out);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct meter *meter = board->bucket[i]; meter; meter = meter->next)
            fprintf(out, "wmsdr_meter_telegrams_total{%s} %llu\n", meter->labels, (unsigned long long)meter->telegrams);
    }
    fputs("# HELP wmsdr_meter_last_heard_seconds When a meter was heard last, seconds since 1970.\n"
          "# TYPE wmsdr_meter_last_heard_seconds gauge\n",
          out);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct meter *meter = board->bucket[i]; meter; meter = meter->next)
            fprintf(out, "wmsdr_meter_last_heard_seconds{%s} %.3f\n", meter->labels, meter->heard_s);
    }
    fputs("# HELP wmsdr_value The last values of a meter; the name has the unit.\n# TYPE wmsdr_value gauge\n", out);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct meter *meter = board->bucket[i]; meter; meter = meter->next) {
            for (const char *line = meter->values; line && *line;) {
                size_t n = strcspn(line, "\n");

                fprintf(out, "wmsdr_value{%s,%.*s\n", meter->labels, (int)n, line);
                line += n + (line[n] == '\n');
            }
        }
    }
    pthread_mutex_unlock(&board->lock);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *wm_board_json(struct wm_board *board, const char *id, size_t *count, size_t *len)
{
    char *text = NULL, label[32];
    FILE *out = open_memstream(&text, len);

    if (!out)
        return NULL;
    *count = 0;
    snprintf(label, sizeof label, "id=\"%.8s\"", id ? id : "");
    pthread_mutex_lock(&board->lock);
    fputc('[', out);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct meter *meter = board->bucket[i]; meter; meter = meter->next) {
            if (!meter->json || (id && !strstr(meter->labels, label)))
                continue;
            fprintf(out, "%s%s", (*count)++ ? ",\n" : "\n", meter->json);
        }
    }
    fputs("\n]\n", out);
    pthread_mutex_unlock(&board->lock);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
