/* float64 numbers of the cipher's words: the same steps as in single.h. */

#include "stream.h"

struct sum { double rounded, error; };

INLINE struct sum two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (struct sum){s, (a - (s - t)) + (b - t)};
}

/* _affine.py in C */
INLINE double affine(double u, double span_high, double span_low, double low)
{
    double high = floor(u * 0x1p26) * 0x1p-26, rest = u - high;
    struct sum a = two_sum(high * span_high, low);
    struct sum b = two_sum(high * span_low, rest * span_high);
    struct sum c = two_sum(a.rounded, b.rounded);
    return c.rounded + (a.error + c.error + (b.error + rest * span_low));
}

INLINE void uniform_twofold(
    const struct numbers *d, int n, const uint32_t *x0, const uint32_t *x1, double *restrict x)
{
    int exponent;
    double mantissa = frexp(d->span, &exponent);
    double span_high = ldexp(floor(mantissa * 0x1p26), exponent - 26);
    double span_low = d->span - span_high;
    for (int i = 0; i < n; i++) {
        uint64_t word = (uint64_t)x0[i] << 20 | x1[i] >> 12;
        x[i] = double_of(word | 0x3FF0000000000000u) - 1.0;
    }
    if (d->dyadic)
        for (int i = 0; i < n; i++)
            x[i] = x[i] * d->span + d->low;
    else
        for (int i = 0; i < n; i++)
            x[i] = affine(x[i], span_high, span_low, d->low);
    for (int i = 0; i < n; i++)
        x[i] = x[i] < d->low ? d->low : x[i];
}

INLINE double polynomial(double t, const double *c, int terms)
{
    double p = t * c[0] + c[1];
#pragma GCC unroll 32
    for (int i = 2; i < terms; i++)
        p = p * t + c[i];
    return p;
}

INLINE double log_twofold(double t, const struct twofold *c)
{
    /* The exponent plus 1023 as a double, by way of 2**52. */
    uint64_t biased = (words_of(t) - 0x3FE6A09E667F3BCDu + ((uint64_t)1023 << 52)) >> 52;
    double e = double_of(biased | 0x4330000000000000u) - (0x1p52 + 1023.0);
    double f = double_of(words_of(t) - ((biased - 1023) << 52)) - 1.0;
    double s = f / (f + 2.0), z = s * s;
    return e * c->ln2[0] + (s * (polynomial(z, c->series, 9) * z + 2.0) + e * c->ln2[1]);
}

INLINE void normal_twofold(const struct twofold *c, int n, double *restrict x)
{
    double t[BLOCK], p[BLOCK];
    for (int i = 0; i < n; i++) {
        t[i] = log_twofold(1.0 - x[i] * x[i], c);
        p[i] = polynomial(t[i] + c->shifts[0], c->middle, 23);
    }
    for (int a = 0; a < n; a += 64) {
        int b = n - a < 64 ? n : a + 64, any = 0;
        for (int i = a; i < b; i++)
            any |= t[i] <= -c->limits[0];
        for (int i = a; any && i < b; i++)
            if (t[i] <= -c->limits[1])
                p[i] = polynomial(sqrt(-t[i]) - c->shifts[2], c->far_tail, 17);
            else if (t[i] <= -c->limits[0])
                p[i] = polynomial(sqrt(-t[i]) - c->shifts[1], c->tail, 19);
    }
    for (int i = 0; i < n; i++)
        x[i] = x[i] * p[i] * c->root2;
}

INLINE void clip_twofold(double low, double high, int n, double *restrict x)
{
    for (int i = 0; i < n; i++) {
        double y = x[i] < low ? low : x[i];
        x[i] = y > high ? high : y;
    }
}

INLINE void draw_twofold(
    const struct numbers *d, const struct twofold *c, int n, const uint32_t *x0,
    const uint32_t *x1, double *restrict x)
{
    uniform_twofold(d, n, x0, x1, x);
    if (d->normal) {
        if (d->ends)
            clip_twofold(-d->edge, d->edge, n, x);
        normal_twofold(c, n, x);
        if (d->ends)
            clip_twofold(d->first, d->last, n, x);
    }
    for (int i = 0; i < n; i++)
        x[i] = x[i] * d->scale + d->shift;
}
