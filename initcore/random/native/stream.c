/* Draws on the host in one pass over memory: counters, cipher, numbers, rounding, store.

   The NumPy code beside this folder is the reference, and gives the same values to the last bit.
   Compiled by hatch_build.py, without fused multiply-adds; called by _native.py. */

#include "cipher.h"
#include "single.h"
#include "stream.h"
#include "twofold.h"
#include "window.h"

#ifndef DIGEST
#define DIGEST "unknown"
#endif

/* Of the source it was compiled from, so that an older library is never taken for this one. */
PUBLIC const char *initcore_digest(void) { return DIGEST; }

/* Elements `begin` to `end` of a table of windows, to `out`, where the first of them goes. */
EVERY_PROCESSOR PUBLIC void initcore_draw(
    const struct numbers *d, const struct single *single, const struct twofold *twofold,
    uint32_t k0, uint32_t k1, const uint64_t *table, uint64_t windows, uint64_t width,
    uint64_t begin, uint64_t end, char *out)
{
    uint32_t x0[BLOCK], x1[BLOCK];
    float x[BLOCK];
    struct cursor at = {table, table + windows * width, width, 0, 0, 0, {0}};
    enter(&at, begin);
    while (begin < end) {
        int n = end - begin < BLOCK ? (int)(end - begin) : BLOCK;
        counters(&at, n, x0, x1);
        cipher(k0, k1, n, x0, x1);
        switch (d->kind) {
        case BITS32:
            for (int i = 0; i < n; i++)
                ((uint32_t *)out)[i] = x0[i] ^ x1[i];
            out += 4 * n;
            break;
        case BITS64:
            for (int i = 0; i < n; i++)
                ((uint64_t *)out)[i] = (uint64_t)x0[i] << 32 | x1[i];
            out += 8 * n;
            break;
        case FLOAT64:
            draw_twofold(d, twofold, n, x0, x1, (double *)out);
            out += 8 * n;
            break;
        case FLOAT32:
            draw_single(d, single, n, x0, x1, (float *)out);
            out += 4 * n;
            break;
        default:
            draw_single(d, single, n, x0, x1, x);
            if (d->kind == FLOAT16)
                round_to_float16(n, x, (uint16_t *)out);
            else
                round_to_bfloat16(n, x, (uint16_t *)out);
            out += 2 * n;
        }
        begin += n;
    }
}

#define REAL float
#define LANES 16
#define ROOT sqrtf
#define NAME(x) x##_single
#include "frame.h"
#undef REAL
#undef LANES
#undef ROOT
#undef NAME
#define REAL double
#define LANES 8
#define ROOT sqrt
#define NAME(x) x##_twofold
#include "frame.h"

/* Frames of the matrices `begin` to `end`, or a part: vectors to `v`, or columns `a` to `b` of it.
   `out` is where the first matrix begins. */
EVERY_PROCESSOR PUBLIC void initcore_frames(
    const struct numbers *d, const struct single *single, const struct twofold *twofold,
    uint32_t k0, uint32_t k1, const struct frames *f, uint64_t begin, uint64_t end, int64_t a,
    int64_t b, void *v, void *out)
{
    if (d->kind == FLOAT32)
        frames_single(d, single, twofold, k0, k1, f, begin, end, a, b, v, out);
    else
        frames_twofold(d, single, twofold, k0, k1, f, begin, end, a, b, v, out);
}
