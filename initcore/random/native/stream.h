/* What the files share: how code is compiled, and what Python hands over (see _native.py). */

#ifndef INITCORE_STREAM_H
#define INITCORE_STREAM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 512 /* elements worked on at once: their buffers stay in the first-level cache */

#ifdef _WIN32
#define PUBLIC __declspec(dllexport)
#else
#define PUBLIC __attribute__((visibility("default")))
#endif
/* Everything is inlined into the one function that is compiled for several processors. */
#define INLINE static inline __attribute__((always_inline))
#ifdef CLONES
#define EVERY_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EVERY_PROCESSOR
#endif

enum kind { BITS32, BITS64, FLOAT16, BFLOAT16, FLOAT32, FLOAT64 };

/* A distribution: _distribution.py says what is in it. */
struct numbers {
    double low, span, edge, first, last, scale, shift;
    int32_t kind, dyadic, normal, ends;
};

/* The constants of _erfinv.py, highest power first. */
struct single {
    float series[3], ln2[2], root2, limit, shifts[2], middle[9], tail[9];
};
struct twofold {
    double series[9], ln2[2], root2, limits[2], shifts[3], middle[23], tail[19], far_tail[17];
};

/* Parts of frames: _frames.py says what is in it. Distances in elements. */
struct frames {
    int64_t n, m, rows, pitch, first, after, top, bottom, down, right, apart, parts;
    double gain;
};
enum parts { VECTORS = 1, COLUMNS = 2 };
#define TILE 4    /* columns worked on at once: their sums stay in registers */
#define MOST 784  /* elements of a column and its padding */

INLINE uint32_t word_of(float x) { uint32_t i; memcpy(&i, &x, 4); return i; }
INLINE float float_of(uint32_t i) { float x; memcpy(&x, &i, 4); return x; }
INLINE uint64_t words_of(double x) { uint64_t i; memcpy(&i, &x, 8); return i; }
INLINE double double_of(uint64_t i) { double x; memcpy(&x, &i, 8); return x; }

#endif
