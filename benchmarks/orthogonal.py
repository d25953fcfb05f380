"""`orthogonal` against each framework's own, everything counted.

    python benchmarks/orthogonal.py [--quick]

One process a framework (Keras: one a backend). JAX is compared jitted, compilation told apart.
"""

import os
import subprocess
import sys
import time

from _measure import duel, timed, title

KERAS = ("tensorflow", "jax", "torch", "numpy")


def torch_rows(sizes: tuple[int, ...]) -> None:
    import torch

    import initcore_torch

    for n in sizes:
        w = torch.empty(n, n)
        timed("torch", n, duel(
            lambda w=w: initcore_torch.orthogonal_(w), lambda w=w: torch.nn.init.orthogonal_(w)
        ), "")  # fmt: skip


def jax_rows(sizes: tuple[int, ...]) -> None:
    import jax

    import initcore_jax

    for n in sizes:
        made = []
        for library in (initcore_jax, jax.nn.initializers):
            init = jax.jit(lambda key, f=library.orthogonal(), n=n: f(key, (n, n)))
            start = time.perf_counter()
            init(jax.random.key(0)).block_until_ready()
            made.append((init, time.perf_counter() - start))
        key = jax.random.key(1)
        times = duel(
            lambda f=made[0][0]: f(key).block_until_ready(),
            lambda f=made[1][0]: f(key).block_until_ready(),
        )
        timed("jax, jitted", n, times, f"{made[0][1]:.1f} s against {made[1][1]:.1f} s")


def keras_rows(sizes: tuple[int, ...]) -> None:
    import keras

    import initcore_keras

    def ready(x: object) -> None:
        getattr(x, "block_until_ready", lambda: None)()

    for n in sizes:
        a, b = initcore_keras.Orthogonal(seed=0), keras.initializers.Orthogonal(seed=0)
        times = duel(lambda n=n: ready(a((n, n))), lambda n=n: ready(b((n, n))))
        timed(f"keras on {keras.backend.backend()}", n, times, "")


def main() -> None:
    quick = "--quick" in sys.argv
    sizes = (256,) if quick else (256, 1024, 2048)
    one = [a for a in sys.argv[1:] if not a.startswith("--")]
    if one:
        {"torch": torch_rows, "jax": jax_rows, "keras": keras_rows}[one[0]](sizes)
        return
    title(
        "framework",
        "n",
        "initcore, ms",
        "its own, ms",
        "ratio",
        "of the fastest",
        "first call (compilation)",
    )
    jobs = [("torch", ""), ("jax", ""), *(("keras", backend) for backend in KERAS)]
    for job, backend in jobs:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        if backend:
            environment["KERAS_BACKEND"] = backend
        command = [sys.executable, __file__, job, *(["--quick"] if quick else [])]
        subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
