/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/repair.h"

#include "link/crc.h"

#include <math.h>
#include <stdlib.h>

/* List decoding after Chase (D. Chase, "A class of algorithms for decoding block codes with channel measurement information", IEEE
 * Trans. IT-18, 1972), with the CRC as the code. The demodulator names the places where it may be wrong and what each change costs
 * (a log-likelihood ratio). The CRC is linear: the syndrome of the block as received is the sum of the syndromes of its errors. So
 * no candidate needs to be built and checked; a set of events is right when its syndromes add up to the block's.
 *
 * What keeps it honest are the odds of deframe.h: events are taken as independent, each having happened with probability
 * 1 / (1 + e^cost). Every other set that fits as well speaks against the one taken, and so does chance. log_odds of 3.5 and 3.5
 * were chosen by false frames in AWGN (docs/receiver.md). */
const struct wm_repair wm_repair_default = {
    .max_events = 16, .max_set = 2, .max_candidates = 200, .log_odds_a = 3.5F, .log_odds_b = 5.8F};
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

/* The cheapest events that lie in bits [from, end), by rising cost, the earlier first among equals; *doubt grows by all of them. */
static unsigned select_events(const struct wm_repair *repair, const struct wm_soft *soft, uint32_t from, uint32_t end,
                              struct candidate list[WM_REPAIR_EVENTS_MAX], float *doubt)
{
    unsigned max = repair->max_events < WM_REPAIR_EVENTS_MAX ? repair->max_events : WM_REPAIR_EVENTS_MAX;
    unsigned count = 0, at;

    for (size_t i = first_from(soft, from); i < soft->event_count && soft->events[i].last_bit < end; i++) {
        const struct wm_error_event *event = &soft->events[i];
        if (event->mask == 0 || event->last_bit < from + top_bit(event->mask))
            continue;
        if (!(event->cost >= 0)) /* a NaN fails too */
            continue;
        *doubt += log1pf(expf(-event->cost));
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
        list[at].syndrome = wm_crc16_mask_syndrome(list[at].event->mask, end - 1 - list[at].event->last_bit);
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

static void flip(struct wm_soft *soft, const struct wm_error_event *event)
{
    uint32_t bit = event->last_bit;

    for (uint32_t mask = event->mask; mask; mask >>= 1, bit--) {
        if (mask & 1)
            soft->bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    }
}

/* The generator's order: x^151 = 1 modulo P. Two equal errors 151 bits apart leave the CRC as it is. Format A's blocks are shorter.
 */
#define CRC_PERIOD 151

/* Weight, against no event at all, of the pairs of events that the CRC cannot see. Events are sorted by their last bit. */
static float unseen_pairs(const struct wm_soft *soft, uint32_t from, uint32_t end)
{
    float weight = 0;

    for (size_t i = first_from(soft, from); i < soft->event_count && soft->events[i].last_bit < end; i++) {
        for (uint32_t bit = soft->events[i].last_bit + CRC_PERIOD; bit < end; bit += CRC_PERIOD) {
            for (size_t j = first_from(soft, bit); j < soft->event_count && soft->events[j].last_bit == bit; j++)
                if (soft->events[j].mask == soft->events[i].mask)
                    weight += expf(-soft->events[i].cost - soft->events[j].cost);
        }
    }
    return weight;
}

struct ranked {
    uint16_t syndrome;
    float cost;
};

static int compare_syndromes(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return (x->syndrome > y->syndrome) - (x->syndrome < y->syndrome);
}

/* e^-cost of all pairs of events, and of all single ones, whose syndromes add up to `syndrome`. */
static double pairs_that_fit(const struct ranked *all, size_t n, uint16_t syndrome)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        const uint16_t rest = syndrome ^ all[i].syndrome;
        size_t low = 0, high = n;
        sum += rest == 0 ? exp(-(double)all[i].cost) : 0;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (all[mid].syndrome < rest)
                low = mid + 1;
            else
                high = mid;
        }
        for (; low < n && all[low].syndrome == rest; low++)
            sum += low == i ? 0 : 0.5 * exp(-(double)(all[i].cost + all[low].cost));
    }
    return sum;
}

/* e^-cost of what fits as well as the chosen set: other pairs out of all the block's events, not only of the listed ones, and pairs
 * in the place of one event of the chosen set. In format B these are above all the twins of what was chosen. */
static double rivals(const struct search *search, const struct wm_soft *soft, uint32_t from, uint32_t end, uint16_t syndrome)
{
    struct ranked all[RIVALS_MAX];
    size_t n = 0;
    double sum = 0;

    for (size_t i = first_from(soft, from); i < soft->event_count && soft->events[i].last_bit < end && n < RIVALS_MAX; i++) {
        const struct wm_error_event *event = &soft->events[i];
        if (event->mask == 0 || event->last_bit < from + top_bit(event->mask) || !(event->cost >= 0))
            continue;
        all[n++] = (struct ranked){.syndrome = wm_crc16_mask_syndrome(event->mask, end - 1 - event->last_bit), .cost = event->cost};
    }
    qsort(all, n, sizeof *all, compare_syndromes);
    sum = pairs_that_fit(all, n, syndrome) - exp(-(double)search->best_cost);
    for (unsigned k = 0; k < search->count; k++) {
        const float own = search->list[k].event->cost;
        if ((search->best >> k & 1) && (search->best & (search->best - 1))) /* beside what else was chosen; itself is in the sum */
            sum += exp(-(double)(search->best_cost - own)) *
                   fmax(pairs_that_fit(all, n, search->list[k].syndrome) - exp(-(double)own), 0);
    }
    return fmax(sum, 0);
}

enum wm_status wm_repair_block(const struct wm_repair *repair, struct wm_soft *soft, size_t offset, size_t len, uint32_t first_bit,
                               float log_odds, struct wm_repaired *repaired)
{
    uint16_t syndrome = wm_crc16_syndrome((struct wm_span){soft->bytes + offset, len});
    uint32_t from = (uint32_t)offset * 8, end = (uint32_t)(offset + len) * 8;
    struct candidate list[WM_REPAIR_EVENTS_MAX];
    struct search search = {.repair = repair, .list = list};
    float doubt = 0; /* minus the logarithm of the probability that no event happened */
    bool allowed = repair->max_events > 0 && repair->max_set > 0;
    const double most = exp(-(double)log_odds);

    from = from > first_bit ? from : first_bit;
    if (allowed && syndrome == 0 && end - from > CRC_PERIOD) {
        repaired->wrong += (double)unseen_pairs(soft, from, end);
        return repaired->wrong > most ? WM_INTEGRITY : WM_OK;
    }
    if (syndrome == 0)
        return WM_OK;
    if (!allowed)
        return WM_INTEGRITY;
    search.count = select_events(repair, soft, from, end, list, &doubt);
    search.max_cost = 16 * (float)M_LN2 - log_odds - doubt;
    if (!extend(&search, 0, 0, syndrome, 0) || search.best == 0)
        return WM_INTEGRITY;
    const double right = exp(-(double)search.best_cost), chance = exp((double)doubt) / 65536;
    const double wrong = (rivals(&search, soft, from, end, syndrome) + chance) / right;
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
