/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/rng.h"

#include <math.h>
#include <string.h>

static uint64_t rotl(uint64_t x, unsigned k)
{
    return x << k | x >> (64 - k);
}

/* SplitMix64, what xoshiro's authors advise for seeding: no seed, not even 0, leaves the state zero. */
void wm_rng_seed(struct wm_rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9E3779B97F4A7C15u);

        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        rng->s[i] = z ^ z >> 31;
    }
}

uint64_t wm_rng_next(struct wm_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double wm_rng_uniform(struct wm_rng *rng)
{
    return (double)(wm_rng_next(rng) >> 11) * 0x1p-53;
}

double wm_rng_range(struct wm_rng *rng, double low, double high)
{
    return low + (high - low) * wm_rng_uniform(rng);
}

uint32_t wm_rng_below(struct wm_rng *rng, uint32_t n)
{
    uint32_t reject = (uint32_t)-n % n; /* 2^32 mod n low values would make the first residues likelier */
    uint32_t x;

    do
        x = (uint32_t)(wm_rng_next(rng) >> 32);
    while (x < reject);
    return x % n;
}

/* Natural logarithm for 0 < x < 1 from basic operations: libm's last digit differs between machines, and with it every recording
 * made from a seed. x = m 2^e with m in [sqrt 1/2, sqrt 2); log m = 2 artanh((m - 1)/(m + 1)), |argument| < 0.172. */
static double portable_log(double x)
{
    static const double ln2 = 0x1.62e42fefa39efp-1;
    uint64_t bits;
    int exponent;
    double m, s, z, sum = 0;

    memcpy(&bits, &x, sizeof bits);
    exponent = (int)(bits >> 52) - 1022;
    bits = (bits & 0x000FFFFFFFFFFFFFu) | 0x3FE0000000000000u;
    memcpy(&m, &bits, sizeof m);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        exponent--;
    }
    s = (m - 1) / (m + 1);
    z = s * s;
    for (int k = 23; k >= 1; k -= 2) /* the term after the last is below 1e-19 */
        sum = sum * z + 1.0 / k;
    return exponent * ln2 + 2 * s * sum;
}

/* Marsaglia's polar form of Box-Muller: no sine or cosine. */
void wm_rng_gaussian(struct wm_rng *rng, double *a, double *b)
{
    double x, y, r2, scale;

    do {
        x = 2 * wm_rng_uniform(rng) - 1;
        y = 2 * wm_rng_uniform(rng) - 1;
        r2 = x * x + y * y;
    } while (r2 >= 1 || r2 == 0);
    scale = sqrt(-2 * portable_log(r2) / r2);
    *a = x * scale;
    *b = y * scale;
}
