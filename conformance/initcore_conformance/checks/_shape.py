"""Shape and dtype."""

from collections.abc import Sequence
from typing import Any

from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import dtype_name

from .._backend import dtypes
from .._case import Case, Failure, draw
from .._strategies import cases, empty_cases
from ._check import Check, sizes

__all__ = ["ShapeAndDtype"]


class ShapeAndDtype(Check, id_="shape_and_dtype", title="shape", examples=3):
    """Results have the shape and dtype asked for, sizes of 0 included."""

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        # A shape without axes has no size to be 0.
        empty = [] if spec.shape.high == 0 else [empty_cases(backend, spec)]
        return [*(cases(backend, spec, dtype) for dtype in dtypes(backend)), *empty]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        w, call = draw(backend, spec, case), case.call(spec)
        if sizes(w) != case.shape:
            return Failure(f"shape {sizes(w)}", f"shape {case.shape}", "", call)
        if dtype_name(w.dtype) != case.dtype:
            return Failure(f"dtype {dtype_name(w.dtype)}", f"dtype {case.dtype}", "", call)
        return None
