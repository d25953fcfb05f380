"""Kernels with given positions of nonzeros, as near to orthogonal as these positions allow."""

from typing import Any

import numpy as np

from ..arrays import dtype_name, to_numpy
from ..random import Rng, check_rng, host_call
from ..spec import CORE, GROUPS, Integer, Kernel, Real, Spec, Wording

__all__ = ["approximate_isometry", "check_isometry", "check_mask"]

GAIN = Real("singular value", low=0.0, open_low=True)
STEPS = Integer("largest number of steps of the minimization", low=1)
# Of the Frobenius norm, for each of n rows: the part that remains after rounding to float32.
GOOD = 2.0**-24
DEAD = 0.5  # excess over the least value at which directions are lost; each of them costs 1


def approximate_isometry(
    rng: Rng, mask: Any, /, *, gain: float = 1.0, groups: int = 1, steps: int = 1000
) -> Any:
    """Kernel that is 0 outside `mask`, and whose `‖W Wᵀ - gain² I‖` is as small as possible.

    `W` is each group's `(out, in * prod(spatial))` matrix, transposed where it is tall, and the
    norm is Frobenius's. The least value is `gain² sqrt(n - r)`, where `n` is the shorter side and
    `r` is the structural rank of the mask, the largest number of its positions in different rows
    and columns. It is 0 wherever a perfect matching exists. L-BFGS in float64 starts from random
    numbers at the positions of the mask, and runs until the norm is `gain² sqrt(n) 2**-24` or
    `steps` have passed. With sparse masks whole directions of the matrix can vanish during the
    descent. Then it starts again with larger numbers at a largest matching. Most weights of a
    sparse random mask end near 0, because few exactly orthogonal matrices use all of them. If the
    positions are free, `sparse_orthogonal` chooses positions that are all in use.

    Args:
        rng: The starting values, and the dtype, namespace and device of the result.
        mask: Booleans `(out, in, *spatial)` of any framework, not traced.
        gain: Singular value, above 0.
        groups: Independent kernels stacked along the outputs.
        steps: The largest number of steps.

    Raises:
        TypeError: The mask is not boolean.
        ValueError: The mask has fewer than 2 axes, or a parameter is outside its domain.

    >>> mask = np.random.default_rng(0).random((32, 64)) < 0.3
    >>> w = approximate_isometry(Rng(0), mask)
    >>> bool((w[~mask] == 0).all()), bool(np.allclose(w @ w.T, np.eye(32), atol=1e-4))
    (True, True)
    """
    who = "approximate_isometry"
    check_rng(who, rng)
    places = check_mask(who, mask)
    gain, steps = check_isometry(who, gain, steps).values()
    groups = Spec.check_parameter(who, "groups", GROUPS, groups, CORE)
    if places.shape[0] % groups:
        raise ValueError(
            f"{who} needs groups that divide the {places.shape[0]} outputs of a mask of shape "
            f"{places.shape}, got {groups}."
        )
    kernel = Kernel(places.shape, groups)

    def on_host(start: Rng) -> Any:
        w = np.zeros(kernel.matrices)
        for group, part in enumerate(places.reshape(kernel.matrices)):
            if part.any():
                tall = kernel.out > kernel.fan_in
                found = _solve(start.fold_in(group), part.T if tall else part, steps)
                w[group] = gain * (found.T if tall else found)
        return w.reshape(places.shape).astype(dtype_name(start.dtype))

    return host_call(on_host, rng, places.shape)


def check_isometry(who: str, gain: Any, steps: Any, wording: Wording = CORE) -> dict[str, Any]:
    """`gain` and `steps` of `approximate_isometry`, checked, in the caller's words.

    Args:
        gain: Singular value that was given.
        steps: Number of steps that was given.
        wording: Whose words error texts use.
    """
    gain_name = wording.names.get("gain", "gain")
    return {
        "gain": Spec.check_parameter(who, gain_name, GAIN, gain, wording),
        "steps": Spec.check_parameter(who, "steps", STEPS, steps, wording),
    }


def check_mask(who: str, mask: Any) -> Any:
    """`mask` as NumPy booleans; a `TypeError` or `ValueError` unless it is a kernel's mask.

    Args:
        mask: Array of booleans, `(out, in, *spatial)`.
    """
    dtype = getattr(mask, "dtype", None)
    if dtype is None or dtype_name(dtype) != "bool":
        got = type(mask).__name__ if dtype is None else f"an array of {dtype_name(dtype)}"
        raise TypeError(f"{who} needs an array of booleans as its mask, got {got}.")
    if mask.ndim < 2:
        raise ValueError(
            f"{who} needs a mask (out, in, *spatial), got one of shape {tuple(mask.shape)}."
        )
    return mask if isinstance(mask, np.ndarray) else to_numpy(mask).astype(bool)


def _solve(rng: Rng, mask: Any, steps: int) -> Any:
    """A matrix on the positions of `mask` (n <= m), with no direction lost that can be kept."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    n = len(mask)
    start = rng.astype("float64").normal(mask.shape) * mask
    lengths = np.linalg.norm(start, axis=1, keepdims=True)
    start /= np.where(lengths > 0, lengths, 1.0)
    match = maximum_bipartite_matching(csr_array(mask), perm_type="column")
    rows = np.flatnonzero(match >= 0)
    least = n - rows.size
    x, value = _descend(start, mask, least, steps)
    if value - least > DEAD:
        start[rows, match[rows]] += np.sign(start[rows, match[rows]])
        x, value = min((x, value), _descend(start, mask, least, steps), key=lambda xv: xv[1])
    return x


def _descend(start: Any, mask: Any, least: int, steps: int) -> tuple[Any, float]:
    """The end of L-BFGS on `‖x xᵀ - I‖²`, and the value there."""
    from scipy.optimize import minimize

    n = len(mask)
    x = start / np.linalg.norm(start, 2)

    def value(w: Any) -> Any:
        """With the gradient `4 (x xᵀ - I) x` at these positions."""
        x[mask] = w
        r = x @ x.T
        r[np.diag_indices(n)] -= 1.0
        return float((r * r).sum()), 4.0 * (r @ x)[mask]

    def near(intermediate_result: Any) -> None:
        if intermediate_result.fun - least < n * GOOD**2:
            raise StopIteration

    how = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 0.0, "gtol": 1e-14}
    found = minimize(value, x[mask], jac=True, method="L-BFGS-B", callback=near, options=how)
    x[mask] = found.x
    return x, float(found.fun)
