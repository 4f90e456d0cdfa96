/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/deframe.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIERS  3
#define EVENTS 64

/* A burst that says for each tier what is demodulated, and counts what is asked. */
struct burst {
    uint8_t bytes[TIERS][WM_AIR_MAX];
    size_t len;     /* of the frame on air */
    size_t arrived; /* bytes that can be demodulated so far */
    size_t ends_at; /* the stream ends behind this byte */
    unsigned tiers; /* how many there are */
    unsigned reads[TIERS];
    const uint8_t *head; /* what the first, short look reads instead; NULL: the same */
    struct wm_error_event events[EVENTS];
    size_t event_count;
    uint8_t telegram[WM_TELEGRAM_MAX];
    size_t telegram_len;
    struct wm_deframe_stats stats;
    struct wm_frame frame;
    size_t air_bytes;
};

static enum wm_status read_burst(void *self, unsigned tier, size_t bytes, struct wm_soft *soft)
{
    struct burst *burst = self;

    if (tier >= burst->tiers || bytes > burst->ends_at)
        return WM_END;
    if (bytes > burst->arrived)
        return WM_TOO_SHORT;
    burst->reads[tier]++;
    memcpy(soft->bytes, burst->head && bytes == 12 ? burst->head : burst->bytes[tier], bytes);
    soft->len = bytes;
    soft->events = burst->events;
    soft->event_count = 0;
    while (soft->event_count < burst->event_count && burst->events[soft->event_count].last_bit < bytes * 8)
        soft->event_count++;
    return WM_OK;
}

static void build(struct burst *burst, enum wm_format format, size_t telegram_len, uint8_t c, uint8_t ci)
{
    struct wm_writer out = wm_writer_of(burst->bytes[0], WM_AIR_MAX);

    memset(burst, 0, sizeof *burst);
    for (size_t i = 0; i < telegram_len; i++)
        burst->telegram[i] = (uint8_t)rand();
    burst->telegram[0] = (uint8_t)(telegram_len - 1);
    burst->telegram[1] = c;
    burst->telegram[10] = ci;
    burst->telegram_len = telegram_len;
    ck_assert_int_eq(wm_frame_build(format, (struct wm_span){burst->telegram, telegram_len}, &out), WM_OK);
    burst->len = burst->arrived = burst->ends_at = out.len;
    for (unsigned tier = 1; tier < TIERS; tier++)
        memcpy(burst->bytes[tier], burst->bytes[0], out.len);
    burst->tiers = 1;
}

/* Odds that a few events of round costs are enough for. */
static const struct wm_repair lenient = {
    .max_events = 16, .max_set = 2, .max_candidates = 200, .unknown = 1, .log_odds_a = 3.5F, .log_odds_b = 5.8F};

static void flip(uint8_t *bytes, uint32_t last_bit, uint32_t mask)
{
    for (; mask; mask >>= 1, last_bit--) {
        if (mask & 1)
            bytes[last_bit / 8] ^= (uint8_t)(0x80 >> last_bit % 8);
    }
}

static void add_event(struct burst *burst, uint32_t last_bit, uint32_t mask, float cost)
{
    size_t at = burst->event_count++;

    ck_assert_uint_le(burst->event_count, EVENTS);
    for (; at > 0 && burst->events[at - 1].last_bit > last_bit; at--)
        burst->events[at] = burst->events[at - 1];
    burst->events[at] = (struct wm_error_event){.last_bit = last_bit, .mask = mask, .cost = cost};
}

/* A wrong decision in tier 0 whose repair the demodulator knows at a price. */
static void damage(struct burst *burst, uint32_t last_bit, uint32_t mask, float cost)
{
    flip(burst->bytes[0], last_bit, mask);
    add_event(burst, last_bit, mask, cost);
}

static enum wm_status run(struct burst *burst, enum wm_format format, const struct wm_repair *repair)
{
    struct wm_soft_source source = {read_burst, burst};
    enum wm_status status = wm_deframe(&source, format, repair, &burst->frame, &burst->air_bytes, &burst->stats);

    if (status == WM_OK) {
        ck_assert(wm_span_equal((struct wm_span){burst->frame.data, burst->frame.len},
                                (struct wm_span){burst->telegram, burst->telegram_len}));
        ck_assert_int_eq(burst->frame.format, format);
        ck_assert_uint_eq(burst->air_bytes, burst->len);
    }
    return status;
}

static uint64_t total(const struct wm_deframe_stats *stats)
{
    return stats->frames[0] + stats->frames[1] + stats->crc_failed + stats->implausible + stats->bad_length + stats->cut;
}

START_TEST(clean_frames_of_every_length)
{
    struct burst burst;

    for (size_t len = 11; len <= 252; len++) {
        enum wm_format format = len & 1 ? WM_FORMAT_A : WM_FORMAT_B;
        build(&burst, format, len, 0xFF, 0x22); /* a clean frame need not be one that we can name */
        ck_assert_int_eq(run(&burst, format, &lenient), WM_OK);
        ck_assert_int_eq(burst.frame.grade, WM_GRADE_CLEAN);
        ck_assert_uint_eq(burst.frame.repaired, 0);
        ck_assert_uint_eq(burst.stats.frames[0], 1);
        ck_assert_uint_eq(total(&burst.stats), 1);
    }
}
END_TEST

START_TEST(known_wrong_symbols_are_repaired)
{
    static const uint32_t masks[] = {0x1, 0x3, 0x9, 0xF, 0x8001, 0x80000001};
    struct burst burst;

    for (int round = 0; round < 600; round++) {
        enum wm_format format = round & 1 ? WM_FORMAT_B : WM_FORMAT_A;
        size_t len;
        unsigned done = 0;
        build(&burst, format, 20 + (size_t)rand() % 230, 0x44, 0x7A);
        /* one or two wrong symbols in every block, among others that are right, and not in the L of format B */
        for (size_t at = 0; wm_frame_block(format, burst.len, at, &len); at += len) {
            unsigned wrong = 1 + (unsigned)rand() % 2;
            uint32_t first = (uint32_t)(at ? at : 1) * 8, bits = (uint32_t)(at + len) * 8 - first;
            for (unsigned i = 0; i < wrong; i++) {
                uint32_t margin = bits > 128 ? 31 : 1; /* so that the mask lies in its half of the block */
                uint32_t place = bits / 2 * i + margin + (uint32_t)rand() % (bits / 2 - margin);
                damage(&burst, first + place, masks[(unsigned)rand() % (bits > 128 ? 6 : 2)], 0.4F);
                done++;
            }
            add_event(&burst, first + bits - 1, 0x1, 9.0F); /* may be where a wrong one is: then it must not matter */
        }
        ck_assert_int_eq(run(&burst, format, &wm_repair_none), WM_INTEGRITY);
        ck_assert_int_eq(run(&burst, format, &lenient), WM_OK);
        ck_assert_int_eq(burst.frame.grade, WM_GRADE_REPAIRED);
        ck_assert_uint_eq(burst.frame.repaired, done);
        ck_assert_uint_eq(burst.stats.crc_failed, 1);
        ck_assert_uint_eq(burst.stats.frames[1], 1);
        ck_assert_uint_eq(total(&burst.stats), 2);
    }
}
END_TEST

START_TEST(length_field_is_repaired_in_format_a_only)
{
    struct burst burst;

    build(&burst, WM_FORMAT_A, 60, 0x44, 0x7A);
    damage(&burst, 5, 0x5, 1.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_OK);
    ck_assert_uint_eq(burst.frame.repaired, 1);

    /* the whole frame reads as another length by the first look at it, and no event may change L then */
    build(&burst, WM_FORMAT_B, 60, 0x44, 0x7A);
    damage(&burst, 7, 0x1, 1.0F);
    ck_assert_int_ne(run(&burst, WM_FORMAT_B, &lenient), WM_OK);

    /* not even a cheaper one that the CRC would take */
    build(&burst, WM_FORMAT_B, 60, 0x44, 0x7A);
    damage(&burst, 24, 0x1, 3.0F);
    add_event(&burst, 24, 0x1 ^ 0x13D65 << 2, 1.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), WM_OK);
}
END_TEST

START_TEST(odds_are_honoured)
{
    struct wm_repair repair = lenient;
    struct burst burst;

    /* e^-cost times the probability that no event happened, against 2^-16 = e^-11.09: one event, and two together */
    build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
    damage(&burst, 150, 0x3, 9.5F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_INTEGRITY);
    repair.log_odds_a = 1;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
    damage(&burst, 120, 0x1, 1.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_INTEGRITY);
    repair.log_odds_a = 0.2F;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);

    /* sets of three only when asked for */
    damage(&burst, 200, 0x1, 0.5F);
    repair.log_odds_a = -3;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_INTEGRITY);
    repair.max_set = 3;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
    ck_assert_uint_eq(burst.frame.repaired, 3);

    /* the thirteenth cheapest event of the block is not looked at; dearer ones elsewhere do not count */
    build(&burst, WM_FORMAT_A, 60, 0x44, 0x7A);
    repair = lenient;
    repair.max_events = 12;
    damage(&burst, 12 * 8 + 100, 0x1, 7.0F);
    for (uint32_t i = 0; i < 11; i++)
        add_event(&burst, 12 * 8 + i, 0x1, 6.0F);
    for (uint32_t i = 0; i < 20; i++)
        add_event(&burst, 30 * 8 + i, 0x1, 3.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
    add_event(&burst, 12 * 8 + 40, 0x1, 6.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_INTEGRITY);
    repair.max_events = 13;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
    repair.max_events = 1000000;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
}
END_TEST

/* What the default asks for: e^-7.5 in format A, e^-8.5 in B, against 2^-16 * 0.05 of the unknown = e^-14.09. */
START_TEST(default_odds)
{
    for (int above = 0; above < 2; above++) {
        const float margin = above ? 0.2F : -0.2F;
        struct burst burst;
        build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
        damage(&burst, 12 * 8 + 60, 0x1, 14.09F - 7.5F + margin);
        ck_assert_int_eq(run(&burst, WM_FORMAT_A, &wm_repair_default), above ? WM_INTEGRITY : WM_OK);
        build(&burst, WM_FORMAT_B, 26, 0x44, 0x7A);
        damage(&burst, 12 * 8 + 60, 0x1, 14.09F - 8.5F + margin);
        ck_assert_int_eq(run(&burst, WM_FORMAT_B, &wm_repair_default), above ? WM_INTEGRITY : WM_OK);
    }
}
END_TEST

/* Two events that come to the bits of a third are no rival of it: there is no doubt about the telegram. */
START_TEST(sets_of_the_same_bits_are_no_rivals)
{
    struct burst burst;

    for (int same = 0; same < 2; same++) {
        build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
        damage(&burst, 12 * 8 + 61, 0x5, 2.0F);
        add_event(&burst, 12 * 8 + 59, 0x1, 1.5F);
        add_event(&burst, 12 * 8 + 61, same ? 0x1 : 0x1 ^ 0x13D65, 1.5F); /* or to what the CRC cannot tell from them */
        ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), same ? WM_OK : WM_INTEGRITY);
    }
}
END_TEST

/* A CRC that fits says little where many symbols are in doubt: 2^-16 of all that may have happened fits. */
START_TEST(a_clean_block_of_noise_is_not_believed)
{
    struct burst burst;

    for (unsigned doubts = 0; doubts <= 24; doubts += 24) {
        build(&burst, WM_FORMAT_B, 60, 0x44, 0x7A);
        for (uint32_t i = 0; i < doubts; i++)
            add_event(&burst, 100 + 5 * i, 0x1, 0.5F);
        ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), doubts ? WM_INTEGRITY : WM_OK);
    }
}
END_TEST

START_TEST(a_block_of_noise_is_not_repaired)
{
    struct wm_repair repair = lenient;
    struct burst burst;

    /* ten events are 10 + 45 sets */
    build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
    damage(&burst, 12 * 8 + 3, 0x1, 1.0F);
    for (uint32_t i = 1; i < 10; i++)
        add_event(&burst, 12 * 8 + 11 * i, 0x1, 1.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
    repair.max_candidates = 54;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_INTEGRITY);
    repair.max_candidates = 55;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_OK);
    /* thirty: that none of the others happened is unlikely, and so is everything that rests on it */
    for (uint32_t i = 1; i < 21; i++)
        add_event(&burst, 12 * 8 + 4 + 5 * i, 0x1, 1.0F);
    repair = lenient;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &repair), WM_INTEGRITY);
}
END_TEST

/* x^151 = 1 modulo the CRC's polynomial: two equal errors 151 bits apart are invisible, and format B's blocks are long enough. */
START_TEST(what_the_crc_cannot_see_is_not_believed)
{
    struct burst burst;

    for (uint32_t apart = 150; apart <= 302; apart++) {
        bool unseen = apart % 151 == 0;
        build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
        add_event(&burst, 200, 0x5, 2.0F);
        add_event(&burst, 200 + apart, 0x5, 2.0F);
        ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), unseen ? WM_INTEGRITY : WM_OK);
        build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
        add_event(&burst, 200, 0x5, 2.0F);
        add_event(&burst, 200 + apart, 0x1, 2.0F);
        ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), WM_OK);
    }
    build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
    add_event(&burst, 200, 0x5, 4.0F);
    add_event(&burst, 351, 0x5, 4.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), WM_OK); /* so unlikely that it does not matter */
}
END_TEST

START_TEST(the_cheapest_fitting_set_wins)
{
    struct burst burst;

    /* the CRC polynomial itself is an error pattern that no CRC sees: two events fit, whatever their order */
    for (int cheaper_is_right = 0; cheaper_is_right < 2; cheaper_is_right++) {
        build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
        damage(&burst, 12 * 8 + 60, 0x1, cheaper_is_right ? 1.0F : 7.0F);
        add_event(&burst, 12 * 8 + 60, 0x1 ^ 0x13D65, cheaper_is_right ? 6.0F : 2.0F);
        if (!cheaper_is_right)
            burst.events[0].mask ^= 0x13D65, burst.events[1].mask ^= 0x13D65;
        ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_OK);
    }
    /* one that is hardly dearer, and nobody can tell: alone, as a pair, and in format B as a twin beyond the cheapest events */
    build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
    damage(&burst, 12 * 8 + 60, 0x1, 1.0F);
    add_event(&burst, 12 * 8 + 60, 0x1 ^ 0x13D65, 3.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_INTEGRITY);
    build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
    damage(&burst, 12 * 8 + 60, 0x1, 1.0F);
    add_event(&burst, 12 * 8 + 60, 0x13D64, 1.0F); /* with the next: the polynomial but for the bit */
    add_event(&burst, 12 * 8 + 90, 0x1, 1.0F);
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_INTEGRITY);
    for (int twin = 0; twin < 2; twin++) {
        build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
        damage(&burst, 200, 0x1, 0.5F);
        for (uint32_t i = 0; i < 20; i++)
            add_event(&burst, 400 + 7 * i, 0x1, 4.0F);
        add_event(&burst, 351 + (twin ? 0 : 1), 0x1, 4.5F);
        ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), twin ? WM_INTEGRITY : WM_OK);
    }
}
END_TEST

START_TEST(events_outside_the_block_or_senseless_are_not_used)
{
    static const struct {
        uint32_t last_bit, mask;
        float cost;
    } useless[] = {
        {12 * 8 + 2, 0x19, 1.0F},  /* begins in the block before */
        {12 * 8 + 30, 0, 1.0F},    /* changes nothing */
        {12 * 8 + 30, 0x1, -1.0F}, /* no likelihood ratio */
        {12 * 8 + 30, 0x1, INFINITY},
    };
    struct burst burst;

    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
        build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
        flip(burst.bytes[0], useless[i].last_bit, useless[i].mask ? useless[i].mask : 1);
        add_event(&burst, useless[i].last_bit, useless[i].mask, useless[i].cost);
        ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_INTEGRITY);
    }
    build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
    damage(&burst, 12 * 8 + 30, 0x1, NAN);
    add_event(&burst, 2, 0x80000001, 1.0F); /* would begin before the frame */
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_INTEGRITY);
}
END_TEST

START_TEST(a_bit_far_from_the_others_belongs_to_its_event)
{
    struct burst burst;

    for (uint32_t apart = 40; apart <= 330; apart += 29) {
        build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
        flip(burst.bytes[0], 400 - apart, 0x1);
        damage(&burst, 400, 0x5, 1.0F);
        burst.events[0].apart = apart;
        ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), WM_OK);
        ck_assert_uint_eq(burst.frame.repaired, 1);
    }
    /* in the block before: not to be used */
    build(&burst, WM_FORMAT_A, 26, 0x44, 0x7A);
    flip(burst.bytes[0], 12 * 8 - 10, 0x1);
    damage(&burst, 12 * 8 + 30, 0x1, 1.0F);
    burst.events[0].apart = 40;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_INTEGRITY);
}
END_TEST

/* Beside a repair as beside none there may be what the CRC cannot see, and format B's L may be wrong. */
START_TEST(doubts_that_the_crc_does_not_settle)
{
    static const struct doubtful {
        uint32_t last_bit, apart;
        float cost;
        bool believed;
    } doubts[] = {
        {500, 151, 9.0F, true}, {500, 151, 3.0F, false}, {500, 150, 3.0F, true}, /* two bits the generator's order apart */
        {5, 0, 9.0F, true},     {5, 0, 0.1F, false},     {20, 0, 3.0F, true},    /* a bit of L, and one behind it */
    };

    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
        for (int repaired = 0; repaired < 2; repaired++) {
            struct burst burst;
            struct wm_repair strict = lenient;
            build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
            if (repaired)
                damage(&burst, 600, 0x3, 0.5F);
            for (uint32_t at = 0; doubts[i].last_bit == 5 && at < (repaired ? 12 : 15); at++) /* sets enough */
                add_event(&burst, 100 + 17 * at, 0x1, 0.9F);
            add_event(&burst, doubts[i].last_bit, 0x1, doubts[i].cost);
            for (size_t at = 0; at < burst.event_count; at++)
                if (burst.events[at].last_bit == doubts[i].last_bit)
                    burst.events[at].apart = doubts[i].apart;
            strict.unknown = 0;
            ck_assert_int_eq(run(&burst, WM_FORMAT_B, &strict), doubts[i].believed ? WM_OK : WM_INTEGRITY);
        }
    }
}
END_TEST

START_TEST(implausible_repairs_are_refused)
{
    static const struct {
        uint8_t c, ci;
        enum wm_status status;
    } cases[] = {{0x44, 0x7A, WM_OK}, {0x54, 0x7A, WM_INTEGRITY}, {0x44, 0x22, WM_INTEGRITY}, {0xC4, 0xA0, WM_INTEGRITY}};
    struct burst burst;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int format = WM_FORMAT_A; format <= WM_FORMAT_B; format++) {
            build(&burst, format, 40, cases[i].c, cases[i].ci);
            damage(&burst, 180, 0x5, 1.0F);
            ck_assert_int_eq(run(&burst, format, &lenient), cases[i].status);
            ck_assert_uint_eq(burst.stats.implausible, cases[i].status != WM_OK);
            ck_assert_uint_eq(total(&burst.stats), 1);
        }
    }
}
END_TEST

START_TEST(tiers_rise_until_one_passes)
{
    struct burst burst;

    for (int format = WM_FORMAT_A; format <= WM_FORMAT_B; format++) {
        /* repaired in tier 0: tier 1 is not asked */
        build(&burst, format, 60, 0x44, 0x7A);
        burst.tiers = TIERS;
        damage(&burst, 180, 0x5, 1.0F);
        ck_assert_int_eq(run(&burst, format, &lenient), WM_OK);
        ck_assert_int_eq(burst.frame.grade, WM_GRADE_REPAIRED);
        ck_assert_uint_eq(burst.reads[1], 0);

        /* tier 1 wrong in the head as well, tier 2 clean */
        burst.event_count = 0;
        flip(burst.bytes[1], 20, 0x1);
        ck_assert_int_eq(run(&burst, format, &lenient), WM_OK);
        ck_assert_int_eq(burst.frame.grade, WM_GRADE_CLEAN);
        ck_assert_uint_eq(burst.frame.repaired, 0);
        ck_assert_uint_eq(burst.reads[2], 1); /* the length is known from tier 0: no tier begins anew with the head */

        /* wrong everywhere */
        flip(burst.bytes[2], 300, 0x1);
        ck_assert_int_eq(run(&burst, format, &lenient), WM_INTEGRITY);
        ck_assert_uint_eq(burst.stats.crc_failed, 1);
    }
}
END_TEST

START_TEST(waits_for_head_and_whole)
{
    struct burst burst;

    for (int format = WM_FORMAT_A; format <= WM_FORMAT_B; format++) {
        build(&burst, format, 100, 0x44, 0x7A);
        burst.arrived = 0;
        ck_assert_int_eq(run(&burst, format, &lenient), WM_TOO_SHORT);
        ck_assert_uint_eq(burst.air_bytes, 12);
        burst.arrived = burst.air_bytes;
        ck_assert_int_eq(run(&burst, format, &lenient), WM_TOO_SHORT);
        ck_assert_uint_eq(burst.air_bytes, burst.len);
        burst.arrived = burst.len - 1;
        ck_assert_int_eq(run(&burst, format, &lenient), WM_TOO_SHORT);
        ck_assert_uint_eq(total(&burst.stats), 0);
        burst.arrived = burst.len;
        ck_assert_int_eq(run(&burst, format, &lenient), WM_OK);
    }
}
END_TEST

/* The whole stretch is demodulated anew. Another length than the head's counts only with its own CRC, not by a repair. */
START_TEST(length_changes_only_with_its_crc)
{
    struct burst other, burst;

    for (int round = 0; round < 4; round++) {
        build(&other, WM_FORMAT_A, round & 2 ? 90 : 26, 0x44, 0x7A);
        build(&burst, WM_FORMAT_A, 60, 0x44, 0x7A);
        burst.head = other.bytes[0];
        burst.arrived = burst.ends_at = WM_AIR_MAX;
        if (round & 1)
            damage(&burst, 5, 0x1, 1.0F);
        ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), round & 1 ? WM_INTEGRITY : WM_OK);
        if (!(round & 1))
            ck_assert_uint_eq(burst.frame.len, 60);
    }
}
END_TEST

START_TEST(says_cut_and_bad_length)
{
    struct wm_soft_source source;
    struct burst burst;

    build(&burst, WM_FORMAT_A, 100, 0x44, 0x7A);
    burst.ends_at = 11;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_END);
    burst.ends_at = burst.len - 1;
    ck_assert_int_eq(run(&burst, WM_FORMAT_A, &lenient), WM_END);
    ck_assert_uint_eq(burst.stats.cut, 2);

    build(&burst, WM_FORMAT_B, 100, 0x44, 0x7A);
    burst.bytes[0][0] = 11;
    ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), WM_MALFORMED);
    ck_assert_uint_eq(burst.stats.bad_length, 1);
    burst.tiers = 2; /* the next tier reads it right */
    ck_assert_int_eq(run(&burst, WM_FORMAT_B, &lenient), WM_OK);

    source = (struct wm_soft_source){read_burst, &burst};
    ck_assert_int_eq(wm_deframe(&source, WM_FORMAT_NONE, &lenient, &burst.frame, &burst.air_bytes, NULL), WM_INVALID);
    ck_assert_int_eq(wm_deframe(&source, WM_FORMAT_B, &lenient, &burst.frame, &burst.air_bytes, NULL), WM_OK);
}
END_TEST

/* Random bytes with as many cheap events as the bounds admit: what comes out is bounded by sets / 2^16 for block 1 alone. */
START_TEST(noise_does_not_become_frames)
{
    struct burst burst;
    unsigned accepted = 0;

    build(&burst, WM_FORMAT_A, 256, 0x44, 0x7A);
    for (uint32_t i = 0; i < 10; i++)
        add_event(&burst, 9 * i + 5, 0x1, 1.0F);
    for (int round = 0; round < 20000; round++) {
        struct wm_soft_source source = {read_burst, &burst};
        for (size_t i = 0; i < burst.len; i++)
            burst.bytes[0][i] = (uint8_t)rand();
        accepted += wm_deframe(&source, WM_FORMAT_A, &lenient, &burst.frame, &burst.air_bytes, NULL) == WM_OK;
    }
    ck_assert_uint_eq(accepted, 0);
}
END_TEST

Suite *wm_test_suite(void)
{
    Suite *suite = suite_create("link/deframe");
    TCase *tests = tcase_create("deframe");

    srand(7);
    tcase_add_test(tests, clean_frames_of_every_length);
    tcase_add_test(tests, known_wrong_symbols_are_repaired);
    tcase_add_test(tests, length_field_is_repaired_in_format_a_only);
    tcase_add_test(tests, odds_are_honoured);
    tcase_add_test(tests, default_odds);
    tcase_add_test(tests, sets_of_the_same_bits_are_no_rivals);
    tcase_add_test(tests, a_clean_block_of_noise_is_not_believed);
    tcase_add_test(tests, a_block_of_noise_is_not_repaired);
    tcase_add_test(tests, what_the_crc_cannot_see_is_not_believed);
    tcase_add_test(tests, the_cheapest_fitting_set_wins);
    tcase_add_test(tests, events_outside_the_block_or_senseless_are_not_used);
    tcase_add_test(tests, a_bit_far_from_the_others_belongs_to_its_event);
    tcase_add_test(tests, doubts_that_the_crc_does_not_settle);
    tcase_add_test(tests, implausible_repairs_are_refused);
    tcase_add_test(tests, tiers_rise_until_one_passes);
    tcase_add_test(tests, waits_for_head_and_whole);
    tcase_add_test(tests, length_changes_only_with_its_crc);
    tcase_add_test(tests, says_cut_and_bad_length);
    tcase_add_test(tests, noise_does_not_become_frames);
    suite_add_tcase(suite, tests);
    return suite;
}
