"""Parts of kernels."""

from typing import Any

import numpy as np

from initcore import Part, Spec

from .._backend import makes_parts
from .._case import Case, Failure, draw
from ._check import Check, numbers, sizes

__all__ = ["Parts"]


class Parts(Check, id_="part", title="part", examples=6):
    """Any rectangle of a kernel, made alone, has the values that the whole has there."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        return None if makes_parts(backend) else "makes no parts"

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        whole, draws = numbers(draw(backend, spec, case)), np.random.default_rng(case.seed)
        offset = tuple(int(draws.integers(n)) for n in case.shape)
        shape = tuple(int(draws.integers(1, n - o + 1))
                      for n, o in zip(case.shape, offset, strict=True))  # fmt: skip
        part = Part(case.shape, offset)
        w = backend.sample_part(
            spec.name, shape, part, seed=case.seed, dtype=case.dtype, **case.parameters
        )
        given = f"{case.parameters}, seed {case.seed}, dtype {case.dtype}"
        call = f"backend.sample_part({spec.name!r}, {shape}, {part}) of {given}"
        if sizes(w) != shape:
            return Failure(f"shape {sizes(w)}", f"shape {shape}", "", call)
        a, b = numbers(w), part.of(whole, shape)
        wrong = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        if not wrong.any():
            return None
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        return Failure(f"{a[at]:.9g} at {at}; {int(wrong.sum())} of {a.size} values",
                       f"{b[at]:.9g}, as in the whole", "0", call)  # fmt: skip
