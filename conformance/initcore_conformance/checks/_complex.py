"""Complex dtypes."""

from collections.abc import Sequence
from typing import Any

from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import dtype_name

from .._backend import complex_dtypes, is_portable
from .._case import Case, Failure, draw
from .._strategies import cases, large_cases
from ._check import Check, violation
from ._reference import apart

__all__ = ["ComplexNumbers"]


class ComplexNumbers(Check, id_="complex", title="complex", examples=4):
    """Complex kernels are unitary, or their parts share the variance; no phase is preferred."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        if not complex_dtypes(backend):
            return "makes no complex numbers"
        return None if spec.complex_ else "makes real kernels only"

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [kind(backend, spec, dtype) for dtype in complex_dtypes(backend)
                for kind in (cases, large_cases)]  # fmt: skip

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        w, call = draw(backend, spec, case), case.call(spec)
        if dtype_name(w.dtype) != case.dtype:
            return Failure(f"dtype {dtype_name(w.dtype)}", f"dtype {case.dtype}", "", call)
        failure = violation(spec, w, case, call)
        return apart(spec, case, w, call) if failure is None and is_portable(backend) else failure
