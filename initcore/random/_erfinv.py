"""The inverse error function, by the polynomials of Giles (GPU Computing Gems, 2011).

These are the ones XLA evaluates, so that a normal drawn here and one drawn by JAX differ by
rounding only. `w = -log1p(-x*x)`; the polynomial in a shifted `w` (or in a shifted `sqrt(w)`
in the tails) gives `erfinv(x) / x`. Coefficients run from the highest power down.
"""

from typing import Any

import numpy as np

from ._log import horner, log

__all__ = ["DOUBLE", "SINGLE", "erfinv", "erfinv_host", "turned"]

# (upper end of w, shift, takes sqrt(w), coefficients), for float32 and float64.
SINGLE = (
    (5.0, 2.5, False, (
        2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
        -0.00125372503, -0.00417768164, 0.246640727, 1.50140941)),
    (np.inf, 3.0, True, (
        -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
        -0.0076224613, 0.00943887047, 1.00167406, 2.83297682)),
)  # fmt: skip
DOUBLE = (
    (6.25, 3.125, False, (
        -3.6444120640178196996e-21, -1.685059138182016589e-19, 1.2858480715256400167e-18,
        1.115787767802518096e-17, -1.333171662854620906e-16, 2.0972767875968561637e-17,
        6.6376381343583238325e-15, -4.0545662729752068639e-14, -8.1519341976054721522e-14,
        2.6335093153082322977e-12, -1.2975133253453532498e-11, -5.4154120542946279317e-11,
        1.051212273321532285e-09, -4.1126339803469836976e-09, -2.9070369957882005086e-08,
        4.2347877827932403518e-07, -1.3654692000834678645e-06, -1.3882523362786468719e-05,
        0.0001867342080340571352, -0.00074070253416626697512, -0.0060336708714301490533,
        0.24015818242558961693, 1.6536545626831027356)),
    (16.0, 3.25, True, (
        2.2137376921775787049e-09, 9.0756561938885390979e-08, -2.7517406297064545428e-07,
        1.8239629214389227755e-08, 1.5027403968909827627e-06, -4.013867526981545969e-06,
        2.9234449089955446044e-06, 1.2475304481671778723e-05, -4.7318229009055733981e-05,
        6.8284851459573175448e-05, 2.4031110387097893999e-05, -0.0003550375203628474796,
        0.00095328937973738049703, -0.0016882755560235047313, 0.0024914420961078508066,
        -0.0037512085075692412107, 0.005370914553590063617, 1.0052589676941592334,
        3.0838856104922207635)),
    (np.inf, 5.0, True, (
        -2.7109920616438573243e-11, -2.5556418169965252055e-10, 1.5076572693500548083e-09,
        -3.7894654401267369937e-09, 7.6157012080783393804e-09, -1.4960026627149240478e-08,
        2.9147953450901080826e-08, -6.7711997758452339498e-08, 2.2900482228026654717e-07,
        -9.9298272942317002539e-07, 4.5260625972231537039e-06, -1.9681778105531670567e-05,
        7.5995277030017761139e-05, -0.00021503011930044477347, -0.00013871931833623122026,
        1.0103004648645343977, 4.8499064014085844221)),
)  # fmt: skip


def erfinv(x: Any, *, xp: Any, double: bool) -> Any:
    """`erfinv(x)` for `-1 < x < 1`, in any Array API namespace and without branches."""
    w = -xp.log1p(-x * x)
    root = xp.sqrt(w)
    result = None
    for limit, shift, tail, coefficients in reversed(DOUBLE if double else SINGLE):
        t = (root if tail else w) - shift
        p = t * coefficients[0] + coefficients[1]
        for c in coefficients[2:]:
            p = p * t + c
        result = p if result is None else xp.where(w < limit, p, result)
    return result * x


def erfinv_host(x: Any, scratch: tuple[Any, Any] | None = None) -> Any:
    """`erfinv` of a NumPy buffer, in place, the tails (0.3 % of the draws) picked out.

    `scratch`: two buffers of its size and dtype, to save their allocation.
    """
    pieces = SINGLE if x.dtype == np.float32 else DOUBLE
    t, p = scratch or (np.empty_like(x), np.empty_like(x))
    np.multiply(x, x, out=t)
    # Against log1p, 1 - x*x is exact but where w < 0.7, and there wrong by half a unit in its last
    # bit, which moves the result by an eighth of one.
    log(np.subtract(x.dtype.type(1), t, out=t), p)
    # t is -w: the polynomial of odd powers' signs turned has the same values there, to the bit.
    (at,) = np.nonzero(t <= -pieces[0][0])
    far = -t[at]
    horner(np.add(t, x.dtype.type(pieces[0][1]), out=t), turned(pieces[0][3]), p)
    low = pieces[0][0]
    for limit, shift, _, coefficients in pieces[1:]:
        here = (far >= low) & (far < limit)
        w = far[here]
        p[at[here]] = horner(np.sqrt(w) - x.dtype.type(shift), coefficients, np.empty_like(w))
        low = limit
    return np.multiply(x, p, out=x)


def turned(coefficients: tuple[float, ...]) -> tuple[float, ...]:
    """Of `p(-t)`."""
    last = len(coefficients) - 1
    return tuple(-c if (last - i) % 2 else c for i, c in enumerate(coefficients))
