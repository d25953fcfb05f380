"""`normal`, `he_normal` and `orthogonal` in JAX against `jax.nn.initializers`, everything counted.

    python benchmarks/jax_init.py [--quick]

Jitted, with compilation told apart, and called eagerly; then the peak memory of one call, each in
a process of its own.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from _measure import duel, row, timed, title

SIDES = ("initcore_jax", "jax.nn.initializers")
NAMES = ("normal", "he_normal", "orthogonal")


def library(side: str) -> Any:
    """The module of that name; both are imported only where they are measured."""
    import jax

    import initcore_jax

    return {"initcore_jax": initcore_jax, "jax.nn.initializers": jax.nn.initializers}[side]


def timings(sizes: tuple[int, ...]) -> None:
    """Times of both, in turn."""
    import jax

    title("square, float32", "n", "initcore, ms", "JAX's, ms", "ratio", "of the fastest",
          "compilation, s")  # fmt: skip
    first, key = jax.random.key(0), jax.random.key(1)
    for name in NAMES:
        for n in sizes:
            inits = [getattr(library(side), name)() for side in SIDES]
            compiled, seconds = [], []
            for init in inits:
                start = time.perf_counter()
                lowered = jax.jit(lambda k, init=init, n=n: init(k, (n, n))).lower(first)
                compiled.append(lowered.compile())
                seconds.append(time.perf_counter() - start)
            jitted = duel(
                lambda f=compiled[0]: f(key).block_until_ready(),
                lambda f=compiled[1]: f(key).block_until_ready(),
            )
            timed(f"{name}, jitted", n, jitted, f"{seconds[0]:.1f} against {seconds[1]:.1f}")
            eager = duel(
                lambda f=inits[0], n=n: f(key, (n, n)).block_until_ready(),
                lambda f=inits[1], n=n: f(key, (n, n)).block_until_ready(),
            )
            timed(f"{name}, eager", n, eager, "")


def peak(name: str, side: str, n: int) -> float:
    """Megabytes that one eager call takes at its peak; of three processes, the median."""
    command = [sys.executable, __file__, "--peak", name, side, str(n)]
    outputs = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(3)
    ]
    return statistics.median(float(output) for output in outputs)


def one_peak(name: str, side: str, n: int) -> None:
    """Prints the peak of one call, less the memory in use before it (Linux)."""
    import jax

    init = getattr(library(side), name)()
    init(jax.random.key(0), (8, 8)).block_until_ready()
    Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what is in use now
    before = resident("VmRSS")
    init(jax.random.key(1), (n, n)).block_until_ready()
    print(resident("VmHWM") - before)


def resident(what: str) -> float:
    """Megabytes of a line of `/proc/self/status`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(what)) / 2**10


def main() -> None:
    quick = "--quick" in sys.argv
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if "--peak" in sys.argv:
        one_peak(sys.argv[-3], sys.argv[-2], int(sys.argv[-1]))
        return
    timings((256,) if quick else (256, 1024, 2048))
    print()
    title("eager, peak memory", "n", "result, MB", "initcore, MB", "JAX's, MB")
    for name in NAMES[::2]:
        n = 1024 if quick else 4096
        peaks = [f"{peak(name, side, n):.0f}" for side in SIDES]
        row(name, str(n), f"{4 * n * n / 2**20:.0f}", *peaks)


if __name__ == "__main__":
    main()
