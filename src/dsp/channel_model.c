/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/channel_model.h"

#include <math.h>
#include <string.h>

void wm_channel_noise(struct wm_rng *rng, double variance, float complex *buffer, size_t count)
{
    float *iq = (float *)buffer;
    double sigma = sqrt(variance / 2);

    for (size_t i = 0; i < count; i++) {
        double a, b;

        wm_rng_gaussian(rng, &a, &b);
        iq[2 * i] += (float)(sigma * a);
        iq[2 * i + 1] += (float)(sigma * b);
    }
}

double wm_channel_amplitude(double ec_n0_db, double chip_rate_cps, double sample_rate_hz, double noise_variance)
{
    return sqrt(pow(10, ec_n0_db / 10) * chip_rate_cps * noise_variance / sample_rate_hz);
}

void wm_channel_front_end(const struct wm_front_end *fe, double sample_rate_hz, int64_t first, float complex *buffer, size_t count)
{
    float *iq = (float *)buffer;
    double q_gain = pow(10, fe->iq_gain_db / 20);
    double sine = sin(fe->iq_phase_deg * acos(-1) / 180);
    double cosine = cos(fe->iq_phase_deg * acos(-1) / 180);

    for (size_t n = 0; n < count; n++) {
        double i = iq[2 * n];
        double q = iq[2 * n + 1];

        if (fe->offset_hz != 0) {
            /* fmod keeps the angle small after hours of stream */
            double angle = 2 * acos(-1) * fmod((double)(first + (int64_t)n) * (fe->offset_hz / sample_rate_hz), 1);
            double turned = i * cos(angle) - q * sin(angle);

            q = i * sin(angle) + q * cos(angle);
            i = turned;
        }
        q = q_gain * (q * cosine + i * sine);
        iq[2 * n] = (float)(fe->gain * i + fe->dc_i);
        iq[2 * n + 1] = (float)(fe->gain * q + fe->dc_q);
    }
}

/* A converter of equal steps: its codes, the code of zero, and how many bytes carry one. */
static const struct converter {
    double scale, zero, lowest, highest;
} converters[WM_SAMPLES_COUNT] = {
    [WM_SAMPLES_CU8] = {127.5, 127.5, 0, 255},
    [WM_SAMPLES_CS8] = {128, 0, -128, 127},
    [WM_SAMPLES_CS16] = {32768, 0, -32768, 32767},
    [WM_SAMPLES_CF32] = {1, 0, -INFINITY, INFINITY},
};

double wm_channel_full_scale(enum wm_sample_format format)
{
    return converters[format].scale;
}

size_t wm_channel_quantise(enum wm_sample_format format, const float complex *buffer, size_t count, uint8_t *out)
{
    const struct converter *adc = &converters[format];
    const float *iq = (const float *)buffer;
    size_t clipped = 0;

    for (size_t k = 0; k < 2 * count; k++) {
        double value = floor(iq[k] * adc->scale + adc->zero + 0.5);
        uint32_t code;

        if (format == WM_SAMPLES_CF32) {
            memcpy(&code, &iq[k], sizeof code);
            for (unsigned byte = 0; byte < 4; byte++)
                out[4 * k + byte] = (uint8_t)(code >> 8 * byte);
            continue;
        }
        if (!(value >= adc->lowest)) { /* a NaN too */
            value = adc->lowest;
            clipped++;
        } else if (value > adc->highest) {
            value = adc->highest;
            clipped++;
        }
        code = (uint32_t)(int32_t)value;
        if (format == WM_SAMPLES_CS16) {
            out[2 * k] = (uint8_t)code;
            out[2 * k + 1] = (uint8_t)(code >> 8);
        } else {
            out[k] = (uint8_t)code;
        }
    }
    return clipped;
}
