"""A toy framework: kernels `(*spatial, in, out)`, layers written out as sums."""

import itertools
from typing import Any

import numpy as np


class Toy:
    """Dense layers, and convolutions that look at one pixel after the other."""

    layers = ("dense", "conv1d", "conv2d")

    def native(self, name: str, native_shape: tuple[int, ...], seed: int, **given: Any) -> Any:
        """What a user of the toy framework calls: a kernel `(*spatial, in, out)`."""
        *spatial, into, out = native_shape
        w = self.sample(name, (out, into, *spatial), seed=seed, **given)
        return w.transpose(*range(2, w.ndim), 1, 0)

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        raise NotImplementedError

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32", **given: Any
    ) -> Any:
        out, into, *spatial = shape
        kernel = self.native(name, (*spatial, into, out), seed, dtype=dtype, **given)
        groups = given.get("groups", 1)

        def forward(x: Any) -> Any:
            if kind == "dense":
                return x @ kernel
            image = x.shape[2:]
            y = np.zeros((len(x), out, *image), np.float32)
            for tap in itertools.product(*map(range, spatial)):
                for at in itertools.product(*map(range, image)):
                    from_ = tuple(
                        a + t - (k - 1) // 2 for a, t, k in zip(at, tap, spatial, strict=True)
                    )
                    if all(0 <= f < n for f, n in zip(from_, image, strict=True)):
                        for o in range(out):
                            first = o // (out // groups) * into
                            seen = x[(slice(None), slice(first, first + into), *from_)]
                            y[(slice(None), o, *at)] += seen @ kernel[tap][:, o]
            return y

        return forward
