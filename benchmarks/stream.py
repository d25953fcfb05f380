"""The random stream against NumPy's Philox and JAX's own, one after the other.

python benchmarks/stream.py [--quick]
"""

import contextlib
import subprocess
import sys

from _measure import Duel, duel, growth, row, title

N = 1 << 24


def numpy_rows(n: int, what: str) -> None:
    import numpy as np

    from initcore import Rng
    from initcore.random import is_compiled, on_numpy

    if what == "compiled" and not is_compiled():
        return
    philox = np.random.Generator(np.random.Philox(0))
    with on_numpy() if what == "numpy" else contextlib.nullcontext():
        Rng(0).normal(1000)  # what is loaded at the first call
        grown = growth(lambda: Rng(0).normal(n)) / (4 * n / 2**20)
        times = duel(
            lambda: Rng(0).normal(n), lambda: philox.standard_normal(n, dtype=np.float32), 7
        )
    label = "NumPy" if what == "numpy" else "compiled"
    line(label, "Generator(Philox)", times, n, f"{grown:.2f} x the result")


def line(label: str, peer: str, times: Duel, n: int, memory: str) -> None:
    ours, theirs = (f"{seconds / n * 1e9:.1f}" for seconds in times[:2])
    row(label, ours, f"{peer} {theirs}", *times.ratios, memory)


def jax_rows(n: int) -> None:
    import jax
    import jax.numpy as jnp

    from initcore import Rng

    ours_ = jax.jit(lambda k0, k1: Rng.from_key((k0, k1), xp=jnp).normal((n,)))
    theirs_ = jax.jit(lambda key: jax.random.normal(key, (n,)))
    key, words = jax.random.key(1), (jnp.uint32(0), jnp.uint32(1))
    times = duel(
        lambda: ours_(*words).block_until_ready(), lambda: theirs_(key).block_until_ready(), 7
    )
    line("JAX, jitted", "jax.random.normal", times, n, "")


def main() -> None:
    quick = "--quick" in sys.argv
    n = N >> 4 if quick else N
    one = [a for a in sys.argv[1:] if not a.startswith("--")]
    if one:
        jax_rows(n) if one[0] == "jax" else numpy_rows(n, one[0])
        return
    title("float32 normals", "initcore, ns each", "its own, ns each", "ratio", "of the fastest",
          "memory")  # fmt: skip
    for job in ("compiled", "numpy", "jax"):
        command = [sys.executable, __file__, job, *(["--quick"] if quick else [])]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
