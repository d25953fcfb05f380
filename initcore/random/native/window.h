/* The stream indices of a draw, as the two words of 64-bit counters: _windows.py in C. */

#include "stream.h"

#define AXES 64

/* Where the next element is. A window is a row of the table: its size, first index, the elements of
   a run and the step between them, the number of axes of runs, then the size and stride of each. */
struct cursor {
    const uint64_t *window, *end;
    uint64_t width, left, base, column;
    uint64_t digits[AXES];
};

INLINE void enter(struct cursor *at, uint64_t element)
{
    while (at->window < at->end && element >= at->window[0]) {
        element -= at->window[0];
        at->window += at->width;
    }
    if (at->window >= at->end)
        return;
    const uint64_t *w = at->window, *axes = w + 5;
    uint64_t row = element / w[2];
    at->left = w[0] - element;
    at->column = element % w[2];
    at->base = w[1];
    for (uint64_t d = w[4]; d-- > 0;) {
        at->digits[d] = row % axes[2 * d];
        at->base += at->digits[d] * axes[2 * d + 1];
        row /= axes[2 * d];
    }
}

INLINE void next_row(struct cursor *at)
{
    const uint64_t *axes = at->window + 5;
    at->column = 0;
    for (uint64_t d = at->window[4]; d-- > 0;) {
        at->base += axes[2 * d + 1];
        if (++at->digits[d] < axes[2 * d])
            return;
        at->base -= at->digits[d] * axes[2 * d + 1];
        at->digits[d] = 0;
    }
}

INLINE void counters(struct cursor *at, int n, uint32_t *x0, uint32_t *x1)
{
    while (n > 0 && at->window < at->end) {
        uint64_t step = at->window[3], first = at->base + at->column * step;
        uint64_t run = at->window[2] - at->column;
        int take = run < (uint64_t)n ? (int)run : n;
        if (first >> 32 == (first + (take - 1) * step) >> 32) {
            uint32_t high = first >> 32, low = (uint32_t)first, low_step = (uint32_t)step;
            for (int i = 0; i < take; i++) {
                x0[i] = high;
                x1[i] = low + i * low_step;
            }
        } else {
            for (int i = 0; i < take; i++) {
                x0[i] = (first + i * step) >> 32;
                x1[i] = (uint32_t)(first + i * step);
            }
        }
        x0 += take;
        x1 += take;
        n -= take;
        at->column += take;
        at->left -= take;
        if (at->left == 0) {
            at->window += at->width;
            enter(at, 0);
        } else if (at->column == at->window[2]) {
            next_row(at);
        }
    }
}
