"""Keras's initializers of independent entries against ours, on each backend.

    python benchmarks/keras_init.py [--quick]

One process a backend. Eager calls with a seed; a call that computes later is waited for.
"""

import os
import subprocess
import sys
from typing import Any

from _measure import duel, timed, title

BACKENDS = ("tensorflow", "jax", "torch", "numpy")
NAMES = ("GlorotUniform", "RandomNormal", "TruncatedNormal", "Zeros")


def rows(sizes: tuple[int, ...]) -> None:
    """Times of this process's backend."""
    import keras

    import initcore_keras

    def made(initializer: Any, n: int) -> None:
        getattr(initializer((n, n)), "block_until_ready", lambda: None)()

    for name in NAMES:
        for n in sizes:
            ours, theirs = (
                getattr(library, name)(**({} if name == "Zeros" else {"seed": 0}))
                for library in (initcore_keras, keras.initializers)
            )
            calls = max(1, (1 << 18) // n**2)
            times = duel(
                lambda i=ours, n=n, calls=calls: [made(i, n) for _ in range(calls)],
                lambda i=theirs, n=n, calls=calls: [made(i, n) for _ in range(calls)],
            )
            label = f"{name} on {keras.backend.backend()}"
            timed(label, n, times, calls=calls, digits=2)


def main() -> None:
    quick = "--quick" in sys.argv
    if "--here" in sys.argv:
        rows((256,) if quick else (256, 1024))
        return
    title("square, float32", "n", "initcore, ms", "Keras's, ms", "ratio", "of the fastest")
    for backend in BACKENDS[-1:] if quick else BACKENDS:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend}
        command = [sys.executable, __file__, "--here", *(["--quick"] if quick else [])]
        subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
