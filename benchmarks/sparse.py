"""`sparse_orthogonal` against the published loop, and its own time and memory at larger sizes.

    python benchmarks/sparse.py [--quick]

The loop is the published algorithm as it is written down: rotate two columns, count the nonzeros of
the whole matrix, keep a copy of the last one.
"""

import subprocess
import sys
import time
from typing import Any

import numpy as np
from _measure import megabytes, row, title

import initcore


def published(seed: int, n: int, density: float) -> Any:
    """An `(n, n)` matrix by the published loop."""
    generator = np.random.default_rng(seed)
    w = np.eye(n)
    last = w
    while np.count_nonzero(w) / w.size < density:
        last = w.copy()
        i, j = generator.choice(n, 2, replace=False)
        angle = generator.uniform(0, 2 * np.pi)
        w[:, i] = np.cos(angle) * last[:, i] - np.sin(angle) * last[:, j]
        w[:, j] = np.sin(angle) * last[:, i] + np.cos(angle) * last[:, j]
    near = abs(np.count_nonzero(last) / w.size - density)
    return last if near < abs(np.count_nonzero(w) / w.size - density) else w


def seconds(function: Any) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def against_the_loop(n: int, density: float) -> None:
    ours = min(
        seconds(lambda: initcore.sparse_orthogonal(initcore.Rng(0), (n, n), density=density))
        for _ in range(5)
    )
    theirs = seconds(lambda: published(0, n, density))
    row(str(n), f"{density:g}", f"{ours:.3f}", f"{theirs:.2f}", f"{theirs / ours:.0f}x")


def alone(n: int, density: float, sampling: str) -> None:
    """Time, memory beyond the process's before it, and the worst error, in this process."""
    rng, shape = initcore.Rng(0), (n, n)
    initcore.sparse_orthogonal(rng, (64, 64), density=0.1)
    before = megabytes()
    start = time.perf_counter()
    w = initcore.sparse_orthogonal(rng, shape, density=density, sampling=sampling)
    took = time.perf_counter() - start
    memory = (megabytes() - before) / (w.nbytes / 2**20)
    filled = np.count_nonzero(w, axis=0)
    some = w[:: max(1, n // 512)].astype(np.float64)
    error = abs(some @ some.T - np.eye(len(some))).max()
    row(
        str(n), f"{density:g}", sampling, f"{took:.2f}", f"{memory:.1f}x",
        f"{filled.mean():.1f} +- {filled.std():.1f}", f"{error:.1e}",
    )  # fmt: skip


def main() -> None:
    if sys.argv[1:2] == ["--alone"]:
        alone(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
        return
    quick = "--quick" in sys.argv
    # First what runs in processes of its own, for its peak of memory: a child starts from its
    # parent's peak.
    title("n", "density", "sampling", "s", "peak / result", "nonzeros a line", "error")
    for n, density in [(1024, 0.1)] if quick else [
        (1024, 0.125), (4096, 0.1), (8192, 0.01), (8192, 0.1), (2048, 1.0)]:  # fmt: skip
        for sampling in ("uniform", "matching"):
            subprocess.run(
                [sys.executable, __file__, "--alone", str(n), str(density), sampling], check=True
            )
    print(flush=True)
    title("n", "density", "ours, s", "published loop, s", "ratio")
    for n, density in [(128, 0.125), (512, 0.5)] if quick else [
        (128, 0.125), (512, 0.125), (1024, 0.125), (1024, 0.5)]:  # fmt: skip
        against_the_loop(n, density)


if __name__ == "__main__":
    main()
