"""`approximate_isometry` against plain gradient descent, as published, on random masks.

    python benchmarks/approximate_isometry.py [--quick]

Gradient descent of the same value from random numbers on the mask (rows of length 1), at the best
of three rates, the time being that of one. Both norms are `‖W Wᵀ - I‖`; the least is known from the
structural rank of the mask.
"""

import sys
import time
from typing import Any

import numpy as np
from _measure import row, title
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import structural_rank

import initcore

RATES = (0.05, 0.025, 0.0125)


def norm(w: Any) -> float:
    return float(np.linalg.norm(w @ w.T - np.eye(len(w))))


def descent(mask: Any, steps: int, rate: float) -> Any:
    """Gradient descent on `‖W Wᵀ - I‖²`, whose gradient is `4 (W Wᵀ - I) W` on the mask."""
    w = np.random.default_rng(1).normal(size=mask.shape) * mask
    lengths = np.linalg.norm(w, axis=1, keepdims=True)
    w /= np.where(lengths > 0, lengths, 1.0)
    eye = np.eye(len(w))
    for _ in range(steps):
        w -= 4 * rate * (((w @ w.T - eye) @ w) * mask)
        if not np.isfinite(w[0, 0]):
            break
    return w


def compare(n: int, m: int, density: float, steps: int) -> None:
    mask = np.random.default_rng(0).random((n, m)) < density
    least = (n - structural_rank(csr_matrix(mask))) ** 0.5
    rng = initcore.Rng(0, dtype="float64")
    start = time.perf_counter()
    ours = norm(initcore.approximate_isometry(rng, mask))
    took = time.perf_counter() - start
    found = []
    for rate in RATES:
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            found.append((norm(descent(mask, steps, rate)), time.perf_counter() - start))
    theirs, their_time = min((f for f in found if np.isfinite(f[0])), default=(np.inf, 0.0))
    row(
        f"{n} x {m}", f"{density:g}", f"{least:.3g}", f"{ours:.2g}", f"{took:.2f}",
        f"{theirs:.2g}", f"{their_time:.2f}",
    )  # fmt: skip


def main() -> None:
    quick = "--quick" in sys.argv
    steps = 1000 if quick else 10000
    title("mask", "density", "least", "ours", "s", f"{steps} steps of descent", "s")
    for n, m, density in [(64, 64, 0.2)] if quick else [
        (128, 128, 0.02), (128, 128, 0.1), (128, 128, 0.5), (128, 256, 0.1), (64, 576, 0.05),
        (256, 256, 0.03), (256, 256, 0.1)]:  # fmt: skip
        compare(n, m, density, steps)


if __name__ == "__main__":
    main()
