/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/repair.h"

#include "link/crc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* List decoding after Chase (D. Chase, "A class of algorithms for decoding block codes with channel measurement information", IEEE
 * Trans. IT-18, 1972), with the CRC as the code. The demodulator names the places where it may be wrong and what each change costs
 * (a log-likelihood ratio). The CRC is linear: the syndrome of the block as received is the sum of the syndromes of its errors. So
 * no candidate needs to be built and checked; a set of events is right when its syndromes add up to the block's.
 *
 * What keeps it honest are the odds of deframe.h: events are taken as independent, each having happened with probability
 * 1 / (1 + e^cost): the demodulators' costs are that honest (docs/receiver.md). Every other set that fits as well speaks against
 * the one taken, and so does chance. log_odds were chosen by false frames and lost ones in AWGN. */
const struct wm_repair wm_repair_default = {
    .max_events = 16, .max_set = 2, .max_candidates = 200, .unknown = 0.05F, .log_odds_a = 7.5F, .log_odds_b = 8.5F};
const struct wm_repair wm_repair_none = {0};

#define RIVALS_MAX 1024 /* events of a block that are looked at as rivals of those taken */

struct candidate {
    const struct wm_error_event *event;
    uint16_t syndrome;
};

struct search {
    const struct wm_repair *repair;
    float max_cost;
    const struct candidate *list; /* by rising cost */
    unsigned count;
    unsigned tried;
    uint32_t chosen; /* bit set over the list, being built */
    uint32_t best;   /* 0: none */
    float best_cost;
};

static unsigned top_bit(uint32_t mask)
{
    unsigned bit = 0;

    for (; mask >>= 1; bit++)
        ;
    return bit;
}

/* Bits from the first to the last. */
static uint32_t reach(const struct wm_error_event *event)
{
    const uint32_t top = top_bit(event->mask);

    return event->apart > top ? event->apart : top;
}

static bool usable(const struct wm_error_event *event, uint32_t from)
{
    return event->mask != 0 && event->last_bit >= from + reach(event) && event->cost >= 0; /* a NaN is not */
}

/* In a block whose last bit is end - 1. */
static uint16_t syndrome_of(const struct wm_error_event *event, uint32_t end)
{
    const uint32_t distance = end - 1 - event->last_bit;

    return wm_crc16_mask_syndrome(event->mask, distance) ^ (event->apart ? wm_crc16_bit_syndrome(distance + event->apart) : 0);
}

/* First event whose last bit is at or behind `bit`; events are sorted. */
static size_t first_from(const struct wm_soft *soft, uint32_t bit)
{
    size_t low = 0, high = soft->event_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (soft->events[mid].last_bit < bit)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* What all events of a block weigh together; e^-cost is an event's weight against its not having happened. */
struct doubt {
    double singles, squares; /* sum of the weights, of their squares */
    double log_all;          /* logarithm of the sum over all sets of events, the empty one too: prod(1 + e^-cost) */
};

/* 2^-16 of what is in no sum but this one fits by chance: sets of three events and more, and what the demodulator has no event for.
 * Single events and pairs are known with their syndromes (rivals). */
static double chance(const struct doubt *doubt, double unknown)
{
    const double more = exp(doubt->log_all) - 1 - doubt->singles - (doubt->singles * doubt->singles - doubt->squares) / 2;

    return (fmax(more, 0) + unknown) / 65536;
}

/* The cheapest events that lie in bits [from, end), by rising cost, the earlier first among equals; *doubt is of all of them. Of
 * those that lie partly or wholly before `from` but not before `begin` (in format B's L, which says where the CRC is) nothing is
 * known but that they may have happened: they are in the sum over all sets. */
static unsigned select_events(const struct wm_repair *repair, const struct wm_soft *soft, uint32_t begin, uint32_t from,
                              uint32_t end, struct candidate list[WM_REPAIR_EVENTS_MAX], struct doubt *doubt)
{
    unsigned max = repair->max_events < WM_REPAIR_EVENTS_MAX ? repair->max_events : WM_REPAIR_EVENTS_MAX;
    unsigned count = 0, at;

    for (size_t i = first_from(soft, begin); i < soft->event_count && soft->events[i].last_bit < end; i++) {
        const struct wm_error_event *event = &soft->events[i];
        if (!usable(event, begin))
            continue;
        const double weight = exp(-(double)event->cost);
        doubt->log_all += log1p(weight);
        if (!usable(event, from))
            continue;
        doubt->singles += weight;
        doubt->squares += weight * weight;
        for (at = count; at > 0 && list[at - 1].event->cost > event->cost; at--) {
            if (at < max)
                list[at] = list[at - 1];
        }
        if (at < max) {
            list[at].event = event;
            count += count < max;
        }
    }
    for (at = 0; at < count; at++)
        list[at].syndrome = syndrome_of(list[at].event, end);
    return count;
}

/* Extends the chosen set by each event from `next` on. False when there are more sets under the cost cap than allowed; that bound
 * and the rising costs end the search early. */
static bool extend(struct search *search, unsigned next, unsigned size, uint16_t rest, float cost)
{
    for (unsigned i = next; i < search->count; i++) {
        float total = cost + search->list[i].event->cost;
        if (total > search->max_cost)
            break;
        if (++search->tried > search->repair->max_candidates)
            return false;
        uint16_t left = rest ^ search->list[i].syndrome;
        search->chosen |= (uint32_t)1 << i;
        if (left == 0 && (search->best == 0 || total < search->best_cost)) {
            search->best = search->chosen;
            search->best_cost = total;
        }
        if (size + 1 < search->repair->max_set && !extend(search, i + 1, size + 1, left, total))
            return false;
        search->chosen &= ~((uint32_t)1 << i);
    }
    return true;
}

#define EVENT_BITS 33

/* The bits that an event changes, at most EVENT_BITS; returns how many. */
static unsigned bits_of(const struct wm_error_event *event, uint32_t bits[EVENT_BITS])
{
    unsigned n = 0;

    for (uint32_t i = 0; i < 32; i++)
        if (event->mask >> i & 1)
            bits[n++] = event->last_bit - i;
    if (event->apart)
        bits[n++] = event->last_bit - event->apart;
    return n;
}

static void flip(struct wm_soft *soft, const struct wm_error_event *event)
{
    uint32_t bits[EVENT_BITS];

    for (unsigned n = bits_of(event, bits); n-- > 0;)
        soft->bytes[bits[n] / 8] ^= (uint8_t)(0x80 >> bits[n] % 8);
}

/* The generator's order: x^151 = 1 modulo P. Two equal errors 151 bits apart leave the CRC as it is. Format A's blocks are shorter.
 */
#define CRC_PERIOD 151

/* Weight, against no event at all, of the events and the pairs of events that the CRC cannot see. Sorted by their last bit. */
static double unseen(const struct wm_soft *soft, uint32_t from, uint32_t end)
{
    double weight = 0;

    for (size_t i = first_from(soft, from); i < soft->event_count && soft->events[i].last_bit < end; i++) {
        const struct wm_error_event *event = &soft->events[i];
        if (!usable(event, from))
            continue;
        if (event->apart && syndrome_of(event, end) == 0)
            weight += exp(-(double)event->cost);
        for (uint32_t bit = event->last_bit + CRC_PERIOD; bit < end; bit += CRC_PERIOD) {
            for (size_t j = first_from(soft, bit); j < soft->event_count && soft->events[j].last_bit == bit; j++)
                if (soft->events[j].mask == event->mask && soft->events[j].apart == event->apart)
                    weight += exp(-(double)event->cost - (double)soft->events[j].cost);
        }
    }
    return weight;
}

struct ranked {
    const struct wm_error_event *event;
    double weight;
    uint16_t syndrome;
};

static int compare_syndromes(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return (x->syndrome > y->syndrome) - (x->syndrome < y->syndrome);
}

/* Whether the events together flip nothing: two sets that come to the same bits are no rivals. */
static bool cancel(const struct wm_error_event *const event[], unsigned count)
{
    uint32_t odd[(WM_REPAIR_SET_MAX + 2) * EVENT_BITS], bits[EVENT_BITS];
    unsigned n = 0, at;

    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = bits_of(event[i], bits); k-- > 0;) {
            for (at = 0; at < n && odd[at] != bits[k]; at++)
                ;
            if (at < n)
                odd[at] = odd[--n];
            else
                odd[n++] = bits[k];
        }
    }
    return n == 0;
}

/* Weight of all pairs of events, and of all single ones, that have the syndrome of the given set but are not the same bits. */
static double others_that_fit(const struct ranked *all, size_t n, const struct wm_error_event *const set[], unsigned size,
                              uint16_t syndrome)
{
    const struct wm_error_event *both[WM_REPAIR_SET_MAX + 2];
    double sum = 0;

    memcpy(both, set, size * sizeof *set);
    for (size_t i = 0; i < n; i++) {
        const uint16_t rest = syndrome ^ all[i].syndrome;
        size_t low = 0, high = n;
        both[size] = all[i].event;
        if (rest == 0 && !cancel(both, size + 1))
            sum += all[i].weight;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (all[mid].syndrome < rest)
                low = mid + 1;
            else
                high = mid;
        }
        for (; low < n && all[low].syndrome == rest; low++) {
            both[size + 1] = all[low].event;
            if (low > i && !cancel(both, size + 2))
                sum += all[i].weight * all[low].weight;
        }
    }
    return sum;
}

/* Weight of what fits as well as the chosen set: other pairs out of all the block's events, not only of the listed ones, and pairs
 * in the place of one event of the chosen set. In format B these are above all the twins of what was chosen. */
static double rivals(const struct search *search, const struct wm_soft *soft, uint32_t from, uint32_t end, uint16_t syndrome)
{
    struct ranked all[RIVALS_MAX];
    const struct wm_error_event *chosen[WM_REPAIR_SET_MAX];
    unsigned size = 0;
    size_t n = 0;

    for (size_t i = first_from(soft, from); i < soft->event_count && soft->events[i].last_bit < end && n < RIVALS_MAX; i++) {
        const struct wm_error_event *event = &soft->events[i];
        if (!usable(event, from))
            continue;
        all[n++] = (struct ranked){.event = event, .syndrome = syndrome_of(event, end), .weight = exp(-(double)event->cost)};
    }
    qsort(all, n, sizeof *all, compare_syndromes);
    for (unsigned k = 0; k < search->count; k++) {
        if (search->best >> k & 1)
            chosen[size++] = search->list[k].event;
    }
    double sum = others_that_fit(all, n, chosen, size, syndrome);
    for (unsigned i = 0; size > 1 && i < size; i++) { /* in the place of one, beside what else was chosen */
        const uint16_t own = syndrome_of(chosen[i], end);
        sum += exp(-(double)(search->best_cost - chosen[i]->cost)) * others_that_fit(all, n, &chosen[i], 1, own);
    }
    return sum;
}

enum wm_status wm_repair_block(const struct wm_repair *repair, struct wm_soft *soft, size_t offset, size_t len, uint32_t first_bit,
                               float log_odds, struct wm_repaired *repaired)
{
    uint16_t syndrome = wm_crc16_syndrome((struct wm_span){soft->bytes + offset, len});
    uint32_t from = (uint32_t)offset * 8, end = (uint32_t)(offset + len) * 8;
    struct candidate list[WM_REPAIR_EVENTS_MAX];
    struct search search = {.repair = repair, .list = list};
    struct doubt doubt = {0};
    const bool allowed = repair->max_events > 0 && repair->max_set > 0;
    const double most = exp(-(double)log_odds);
    double wrong;

    if (!allowed)
        return syndrome == 0 ? WM_OK : WM_INTEGRITY;
    from = from > first_bit ? from : first_bit;
    search.count = select_events(repair, soft, (uint32_t)offset * 8, from, end, list, &doubt);
    /* Beside what is taken, or nothing, there may be an error that the CRC cannot see. */
    wrong = end - from > CRC_PERIOD ? unseen(soft, from, end) : 0;
    if (syndrome == 0) {
        wrong += chance(&doubt, 0);
    } else {
        const double by_chance = chance(&doubt, repair->unknown);
        search.max_cost = -(float)log(by_chance) - log_odds;
        if (!extend(&search, 0, 0, syndrome, 0) || search.best == 0)
            return WM_INTEGRITY;
        wrong += (rivals(&search, soft, from, end, syndrome) + by_chance) * exp((double)search.best_cost);
    }
    if (repaired->wrong + wrong > most)
        return WM_INTEGRITY;
    repaired->wrong += wrong;
    for (unsigned i = 0; i < search.count; i++) {
        if (search.best >> i & 1) {
            flip(soft, list[i].event);
            repaired->events++;
        }
    }
    return WM_OK;
}
