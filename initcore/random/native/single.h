/* float32 numbers of the cipher's words: the steps of _distribution.py and _erfinv.py in C.

   Each operation is rounded as NumPy rounds it, in the same order (no contraction), so that the
   numbers are the same to the last bit, whatever the width of a processor's vectors. */

#include "stream.h"

INLINE void uniform_single(
    const struct numbers *d, int n, const uint32_t *x0, const uint32_t *x1, float *restrict x)
{
    float low = (float)d->low, span = (float)d->span;
    if (d->dyadic) { /* the mantissa of span * (1 + u) */
        uint32_t exponent = word_of(span);
        for (int i = 0; i < n; i++) {
            float y = float_of(((x0[i] ^ x1[i]) >> 9) | exponent) - span + low;
            x[i] = y < low ? low : y;
        }
    } else { /* products are exact in float64 */
        for (int i = 0; i < n; i++) {
            float u = float_of(((x0[i] ^ x1[i]) >> 9) | 0x3F800000u) - 1.0f;
            float y = (float)((double)u * d->span + d->low);
            x[i] = y < low ? low : y;
        }
    }
}

INLINE float polynomial_single(float t, const float *c, int terms)
{
    float p = t * c[0] + c[1];
#pragma GCC unroll 32
    for (int i = 2; i < terms; i++)
        p = p * t + c[i];
    return p;
}

INLINE float log_single(float t, const struct single *c)
{
    int32_t exponent = (int32_t)(word_of(t) - 0x3F3504F3u) >> 23;
    float f = float_of(word_of(t) - ((uint32_t)exponent << 23)) - 1.0f, e = (float)exponent;
    float s = f / (f + 2.0f), z = s * s;
    return e * c->ln2[0] + (s * (polynomial_single(z, c->series, 3) * z + 2.0f) + e * c->ln2[1]);
}

/* sqrt(2) erfinv(x), in place. */
INLINE void normal_single(const struct single *c, int n, float *restrict x)
{
    float t[BLOCK], p[BLOCK];
    for (int i = 0; i < n; i++) {
        t[i] = log_single(1.0f - x[i] * x[i], c);
        p[i] = polynomial_single(t[i] + c->shifts[0], c->middle, 9);
    }
    for (int a = 0; a < n; a += 64) { /* the tails, 0.3 % of the numbers */
        int b = n - a < 64 ? n : a + 64, any = 0;
        for (int i = a; i < b; i++)
            any |= t[i] <= -c->limit;
        for (int i = a; any && i < b; i++)
            if (t[i] <= -c->limit)
                p[i] = polynomial_single(sqrtf(-t[i]) - c->shifts[1], c->tail, 9);
    }
    for (int i = 0; i < n; i++)
        x[i] = x[i] * p[i] * c->root2;
}

INLINE void clip_single(float low, float high, int n, float *restrict x)
{
    for (int i = 0; i < n; i++) {
        float y = x[i] < low ? low : x[i];
        x[i] = y > high ? high : y;
    }
}

INLINE void draw_single(
    const struct numbers *d, const struct single *c, int n, const uint32_t *x0, const uint32_t *x1,
    float *restrict x)
{
    uniform_single(d, n, x0, x1, x);
    if (d->normal) {
        if (d->ends)
            clip_single(-(float)d->edge, (float)d->edge, n, x);
        normal_single(c, n, x);
        if (d->ends)
            clip_single((float)d->first, (float)d->last, n, x);
    }
    float scale = (float)d->scale, shift = (float)d->shift;
    for (int i = 0; i < n; i++)
        x[i] = x[i] * scale + shift;
}

/* Rounded to the nearest, ties to even. */
INLINE void round_to_bfloat16(int n, const float *x, uint16_t *restrict out)
{
    for (int i = 0; i < n; i++) {
        uint32_t w = word_of(x[i]);
        out[i] = (uint16_t)((w + 0x7FFFu + ((w >> 16) & 1u)) >> 16);
    }
}

INLINE void round_to_float16(int n, const float *x, uint16_t *restrict out)
{
    for (int i = 0; i < n; i++) {
        uint32_t w = word_of(x[i]), sign = w & 0x80000000u, size = w ^ sign;
        /* Below 2**-14 the sum with 1/2 has the result as its last bits. */
        uint32_t small = word_of(float_of(size) + 0.5f) - 0x3F000000u;
        uint32_t usual = (size - 0x38000000u + 0xFFFu + ((size >> 13) & 1u)) >> 13;
        uint32_t half = size < 0x38800000u ? small : usual;
        out[i] = (uint16_t)((size >= 0x47800000u ? 0x7C00u : half) | sign >> 16);
    }
}
