"""An initializer that initcore does not have, specified as its own are."""

import numpy as np

from initcore import Rng
from initcore.invariants import Isometry
from initcore.spec import Kernel, Real, ShapeRule, initializer


class SingleEntries:
    """Each row and each column of the `(out, in * prod(spatial))` matrix has one entry at most."""

    def violation(self, w, *, xp=np, rng=None, groups=1, **parameters):
        kernel = Kernel(tuple(w.shape), groups)
        used = xp.astype(xp.reshape(w, kernel.matrices) != 0, w.dtype)
        most = max(int(xp.max(xp.sum(used, axis=axis))) for axis in (1, 2))
        return f"{most} entries in a row or column, allowed 1" if most > 1 else None

    def __str__(self):
        return "each row and each column has one entry at most"


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={"gain": Real("absolute value of the entries that are not 0", low=0.0)},
    invariants=(Isometry(), SingleEntries()),
    source="the authors of evenkeel",
)
def signed_permutation(rng: Rng, shape, /, *, gain: float = 1.0, groups: int = 1):
    """Kernel whose `(out, in * prod(spatial))` matrix is part of a random signed permutation.

    >>> import numpy as np
    >>> w = signed_permutation(Rng(0), (4, 4))
    >>> np.abs(w).sum(0).tolist(), np.abs(w).sum(1).tolist()
    ([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    """
    xp, kernel = rng.xp, Kernel(shape, groups)
    short, long = sorted((kernel.out, kernel.fan_in))
    # One random column of the long side for each row of the short side.
    column = rng.fold_in("columns").permutation((groups, long))[:, :short, None]
    sign = rng.fold_in("signs").signs((groups, short, 1))
    w = xp.where(column == xp.arange(long, device=rng.device), gain * sign, xp.zeros_like(sign))
    w = w if kernel.out <= kernel.fan_in else xp.permute_dims(w, (0, 2, 1))
    return xp.reshape(w, shape)
