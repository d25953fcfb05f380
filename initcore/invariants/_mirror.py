"""The invariant of kernels that make a network linear."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import dtype_name, resolve, to_numpy
from ..spec import Kernel

__all__ = ["Mirrored"]


@dataclass(frozen=True)
class Mirrored:
    """The blocks are `W0` and `-W0`, exactly, and `c W0` is a kernel of the base."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        kernel = Kernel(tuple(w.shape), parameters.get("groups", 1))
        part = parameters["part"]
        a = to_numpy(w).reshape(kernel.groups, kernel.out, *kernel.shape[1:])
        rows = 1 if part == "last" else 2
        columns = 1 if part == "first" else 2
        r, c = kernel.out // rows, kernel.in_ // columns
        w0 = a[:, :r, :c]
        for i in range(rows):
            for j in range(columns):
                block = a[:, i * r : (i + 1) * r, j * c : (j + 1) * c]
                sign = 1 if i == j else -1
                wrong = block != sign * w0
                if wrong.any():
                    what = "W0" if sign > 0 else "-W0"
                    count = f"{wrong.sum()} of {wrong.size} entries"
                    return f"block ({i}, {j}) differs from {what} in {count}"
        return self._base_violation(w, w0, parameters)

    @staticmethod
    def _base_violation(w: Any, w0: Any, parameters: dict[str, Any]) -> str | None:
        from ..activations import odd_slope
        from ..spec import specs

        base, gain = parameters["base"], float(parameters.get("gain", 1.0))
        slope = 1.0
        if parameters["part"] != "first":
            slope = odd_slope(parameters["activation"], parameters["negative_slope"])
        groups, gain = w0.shape[0], gain / slope
        w0 = w0.reshape(-1, *w0.shape[2:])
        spec = specs[base]
        given = {**spec.defaults, "groups": groups}
        if base == "normal":
            given["std"] = gain / math.sqrt(math.prod(w0.shape[1:]))
        elif "gain" in given:
            given["gain"] = gain
        elif gain == 0 or dtype_name(w.dtype) in ("float16", "bfloat16"):
            return None  # dividing by the gain would round what is coarse already once more
        else:
            w0 = w0 / gain
        w0 = w0.astype(resolve(np, dtype_name(w.dtype)))
        for invariant in spec.invariants:
            found = invariant.violation(w0, **given)
            if found:
                return f"c W0 is no {base} kernel: {found}"
        return None

    def __str__(self) -> str:
        return "the blocks are W0 and -W0 exactly; c W0 has all invariants of `base`"
