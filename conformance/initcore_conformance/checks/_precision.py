"""Half precision."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import eps

from .._backend import dtypes, is_portable
from .._case import Case, Failure, draw
from .._strategies import large_cases
from ._check import Check, numbers, violation

__all__ = ["LowPrecision"]

HALF = ("bfloat16", "float16")


class LowPrecision(Check, id_="low_precision", title="half", examples=2):
    """bfloat16 and float16 results are float32 ones rounded once, not drawn coarsely."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        return None if set(HALF) & set(dtypes(backend)) else "makes no half precision"

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [large_cases(backend, spec, d) for d in HALF if d in dtypes(backend)]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        w, call = draw(backend, spec, case), case.call(spec)
        failure = violation(spec, w, case, call)
        if failure or not is_portable(backend) or "float32" not in dtypes(backend):
            return failure
        a, fine = numbers(w), numbers(draw(backend, spec, case, dtype="float32"))
        # Half a spacing of the coarse dtype; below 2**-14 float16's numbers are 2**-24 apart.
        least = 2.0**-25 if case.dtype == "float16" else 0.0
        bound = eps(case.dtype) / 2 * abs(fine) * (1 + 2.0**-10) + least
        with np.errstate(invalid="ignore"):
            wrong = ~((a == fine) | (abs(a - fine) <= bound))
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            return Failure(
                f"{a[at]:.9g} at {at}; {int(wrong.sum())} of {a.size} values",
                f"{fine[at]:.9g}, the float32 value, rounded once", f"{bound[at]:.3g}", call,
            )  # fmt: skip
        return None
