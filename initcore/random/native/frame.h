/* Frames of Gaussian reflectors: _reflectors.py in C, for matrices that stay in a cache.

   Included once a precision, with REAL, LANES, ROOT and NAME. Sums run over LANES interleaved
   partial sums whatever the processor, and no column meets another: the bits are the same
   everywhere, and any part has those of the whole. */

typedef REAL NAME(vector) __attribute__((vector_size(64), aligned(sizeof(REAL))));

INLINE REAL NAME(sum)(NAME(vector) x)
{
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            x[i] += x[i + half];
    return x[0];
}

INLINE REAL NAME(product)(const REAL *a, const REAL *b, int64_t begin, int64_t end)
{
    NAME(vector) x = {0};
    for (int64_t i = begin; i < end; i += LANES)
        x += *(const NAME(vector) *)(a + i) * *(const NAME(vector) *)(b + i);
    return NAME(sum)(x);
}

/* The vectors of matrix `c` as rows of `v`, an even number, the last one 0 if there is no other.
   After them `lead`, what the frame's diagonal begins with, and products of the two of a pair.
   Elements beyond `n` are 0, and so are those before the diagonal in its vector of lanes. */
INLINE void NAME(reflectors)(
    const struct numbers *d, const struct single *single, const struct twofold *twofold,
    uint32_t k0, uint32_t k1, const struct frames *f, uint64_t c, REAL *v)
{
    REAL *lead = v + f->rows * f->pitch, *products = lead + f->rows;
    for (int64_t k = 0; k < (f->after + 1) / 2 * 2; k++) {
        REAL *x = v + k * f->pitch;
        int64_t begin = k / LANES * LANES;
        for (int64_t i = begin; i < f->pitch; i++)
            x[i] = 0;
        products[k] = lead[k] = 0;
        if (k == f->m)
            break;
        uint64_t length = f->n - k, first = c * f->m * f->n + k * (f->n + 1);
        uint64_t window[5] = {length, first, length, 1, 0};
        initcore_draw(d, single, twofold, k0, k1, window, 1, 5, 0, length, (char *)(x + k));
        REAL norm = ROOT(NAME(product)(x, x, begin, f->pitch)), s = x[k] < 0 ? -1 : 1;
        REAL scale = 1 / ROOT(norm * (norm + s * x[k]));
        x[k] += s * norm;
        for (int64_t i = begin; i < f->pitch; i++)
            x[i] *= scale;
        lead[k] = -s * (REAL)f->gain;
        if (k % 2)
            products[k - 1] = NAME(product)(x, x - f->pitch, begin, f->pitch);
    }
}

/* Columns `a` to `b` of the frame of the vectors `v`, cut to the rows wanted, to `out`. A vector
   does nothing to a column that begins before it: the products are 0. */
INLINE void NAME(columns)(
    const struct frames *f, int64_t a, int64_t b, const REAL *v, REAL *restrict out)
{
    const REAL *lead = v + f->rows * f->pitch, *products = lead + f->rows;
    REAL q[TILE][MOST] __attribute__((aligned(64)));
    for (int64_t j = a; j < b; j += TILE) {
        int64_t end = j + TILE < b ? j + TILE : b;
        for (int t = 0; t < TILE; t++)
            memset(q[t], 0, f->pitch * sizeof(REAL));
        for (int64_t k = j; k < end; k++)
            q[k - j][k] = lead[k];
        for (int64_t k = (end - 1) / 2 * 2; k >= 0; k -= 2) { /* vectors k + 1, then k */
            const REAL *y = v + k * f->pitch, *x = y + f->pitch;
            NAME(vector) of_x[TILE] = {{0}}, of_y[TILE] = {{0}};
            REAL along_x[TILE], along_y[TILE];
            for (int64_t i = k / LANES * LANES; i < f->pitch; i += LANES) {
                NAME(vector) xs = *(const NAME(vector) *)(x + i), ys = *(const NAME(vector) *)(y + i);
#pragma GCC unroll 8
                for (int t = 0; t < TILE; t++) {
                    NAME(vector) z = *(const NAME(vector) *)(q[t] + i);
                    of_x[t] += xs * z;
                    of_y[t] += ys * z;
                }
            }
#pragma GCC unroll 8
            for (int t = 0; t < TILE; t++) {
                along_x[t] = NAME(sum)(of_x[t]);
                along_y[t] = NAME(sum)(of_y[t]) - along_x[t] * products[k];
            }
            for (int64_t i = k / LANES * LANES; i < f->pitch; i += LANES) {
                NAME(vector) xs = *(const NAME(vector) *)(x + i), ys = *(const NAME(vector) *)(y + i);
#pragma GCC unroll 8
                for (int t = 0; t < TILE; t++) {
                    NAME(vector) z = *(const NAME(vector) *)(q[t] + i);
                    *(NAME(vector) *)(q[t] + i) = z - along_x[t] * xs - along_y[t] * ys;
                }
            }
        }
        for (int64_t t = j; t < end; t++)
            for (int64_t i = f->top; i < f->bottom; i++)
                out[(i - f->top) * f->down + (t - f->first) * f->right] = q[t - j][i];
    }
}

INLINE void NAME(frames)(
    const struct numbers *d, const struct single *single, const struct twofold *twofold,
    uint32_t k0, uint32_t k1, const struct frames *f, uint64_t begin, uint64_t end, int64_t a,
    int64_t b, REAL *v, REAL *out)
{
    for (uint64_t c = begin; c < end; c++, out += f->apart) {
        if (f->parts & VECTORS)
            NAME(reflectors)(d, single, twofold, k0, k1, f, c, v);
        if (f->parts & COLUMNS)
            NAME(columns)(f, a, b, v, out);
    }
}
