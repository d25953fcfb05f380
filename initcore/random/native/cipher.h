/* Twenty rounds of Threefry-2x32: _threefry.py in C. */

#include "stream.h"

#define ROUND(r) a += b, b = ((b << r) | (b >> (32 - r))) ^ a
#define EVEN ROUND(13), ROUND(15), ROUND(26), ROUND(6)
#define ODD ROUND(17), ROUND(29), ROUND(16), ROUND(24)

/* Replace the counters by the cipher's words. */
INLINE void cipher(uint32_t k0, uint32_t k1, int n, uint32_t *restrict x0, uint32_t *restrict x1)
{
    uint32_t k2 = k0 ^ k1 ^ 0x1BD11BDAu;
    for (int i = 0; i < n; i++) {
        uint32_t a = x0[i] + k0, b = x1[i] + k1;
        EVEN, a += k1, b += k2 + 1;
        ODD, a += k2, b += k0 + 2;
        EVEN, a += k0, b += k1 + 3;
        ODD, a += k1, b += k2 + 4;
        EVEN, a += k2, b += k0 + 5;
        x0[i] = a;
        x1[i] = b;
    }
}
