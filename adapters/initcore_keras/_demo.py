"""The demo's part in Keras: ResNet-50, every convolution orthogonal."""

import sys
import time
from pathlib import Path

import keras
import numpy as np

import initcore_keras as init
from initcore.cli._measure import PROBES, frame_error, report, seed_of

from ._backend import backend

__all__ = ["main"]


def main(out: Path, small: bool) -> None:
    """Fill the network, report, and leave the probes in the folder `out`."""
    running = keras.backend.backend()
    label = f"Keras on {running}"
    name = "MobileNet, a quarter" if small else "ResNet-50"
    report(what=f"building {name} in {label}", done=0, total=1)
    start = time.perf_counter()
    if small:
        model = keras.applications.MobileNet((32, 32, 3), alpha=0.25, weights=None)
    else:
        model = keras.applications.ResNet50(weights=None)
    built = time.perf_counter() - start
    kernels = [layer for layer in model.layers if getattr(layer, "kernel", None) is not None]
    spent, worst = 0.0, 0.0
    for i, layer in enumerate(kernels):
        report(what=f"{name} in {label}", done=i, total=len(kernels))
        start = time.perf_counter()
        # After a ReLU half the squared length is left: the gain makes up for it.
        initializer = init.Orthogonal(gain=2**0.5, seed=seed_of(layer.path))
        layer.kernel.assign(initializer(layer.kernel.shape, layer.kernel.dtype))
        spent += time.perf_counter() - start
        w = keras.ops.convert_to_numpy(layer.kernel)
        worst = max(worst, frame_error(np.moveaxis(w, -1, 0) / 2**0.5))
    drawn = {str(i): backend.sample(n, s, seed=0) for i, (n, s) in enumerate(PROBES)}
    np.savez(out / f"keras_{running}.npz", **drawn)
    report(framework=label, network=name, weights=model.count_params(),
           built=built, seconds=spent, error=worst,
           probes=str(out / f"keras_{running}.npz"))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), "small" in sys.argv[2:])
