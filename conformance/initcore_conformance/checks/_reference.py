"""Backends that claim the portable stream give the NumPy core's values, and the golden ones."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import eps, is_complex, is_double, to_numpy
from initcore.invariants import HasLaw
from initcore.specification import golden

from .._backend import claims, dtypes, is_portable
from .._case import Case, Failure, draw, reference
from .._strategies import cases
from ._check import Check, numbers, sizes

__all__ = ["GoldenVectors", "Reference", "apart"]

# Largest difference in units of the result's size, by what the arithmetic is: none for constants
# and dyadic uniforms, the inverse error function for normals, sums of products for the rest.
EXACT = {"float32": 0.0, "float64": 0.0}
NORMAL = {"float32": 2e-6, "float64": 1e-14}
PRODUCTS = {"float32": 2e-5, "float64": 1e-13}


def tolerance(spec: Spec, case: Case) -> float:
    """Largest difference from the reference, relative to its largest entry."""
    fine = "float64" if is_double(case.dtype) else "float32"
    laws = [i for i in spec.invariants if isinstance(i, HasLaw)]
    if not spec.random:
        return EXACT[fine]
    if not laws:
        return PRODUCTS[fine]
    if is_complex(case.dtype):
        return NORMAL[fine]
    given = {**case.all_parameters(spec), **laws[0].fixed}
    if laws[0].law == "uniform" or given.get("distribution") == "uniform":
        # Drawn exactly; the factor is rounded once.
        return EXACT[fine] if laws[0].law == "uniform" else eps(fine)
    return NORMAL[fine]


def size_of(spec: Spec, case: Case, w: Any) -> float:
    """The size of entries that `tolerance` is relative to."""
    a = abs(to_numpy(w))
    finite = a[np.isfinite(a)]
    size = float(finite.max()) if finite.size else 0.0
    for law in spec.invariants:
        if isinstance(law, HasLaw):
            given = {**case.all_parameters(spec), **law.fixed}
            shift, factor, *_ = law.law_of(case.shape, given, is_complex(case.dtype))
            size = max(size, abs(shift), abs(factor))
    return size


def apart(spec: Spec, case: Case, w: Any, call: str, ours: Any = None) -> Failure | None:
    """How far the kernel `w` is from the core's, or from `ours`, if it is too far."""
    whose = "the NumPy core's" if ours is None else "the golden"
    ours = reference(spec, case) if ours is None else ours
    if sizes(w) != case.shape:
        return Failure(f"shape {sizes(w)}", f"shape {case.shape}", "", call)
    a, b = numbers(w), numbers(ours)
    allowed = tolerance(spec, case) * size_of(spec, case, ours)
    bound = np.full(b.shape, allowed)
    if case.dtype in ("float16", "bfloat16"):
        # The float32 values may round to neighbours; below 2**-14 float16's are 2**-24 apart.
        bound += eps(case.dtype) * abs(np.where(np.isfinite(b), b, 0.0)) + 2.0**-24
    with np.errstate(invalid="ignore"):
        off = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, abs(a - b))
    off = np.where(np.isnan(off), np.inf, off)
    if (off <= bound).all():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(off - bound)), b.shape))
    return Failure(
        f"{a[at]:.9g} at {at}, {off[at]:.3g} off; {int((off > bound).sum())} of {b.size} values",
        f"{b[at]:.9g}, {whose} value for seed {case.seed}", f"{bound[at]:.3g}", call,
    )  # fmt: skip


class Portable(Check):
    """A check of backends that claim the portable stream."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        return None if is_portable(backend) else "claims no portable stream"


class Reference(Portable, id_="reference", title="NumPy", examples=5):
    """The same seed gives the same weights as in every other portable backend."""

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [cases(backend, spec, dtype) for dtype in dtypes(backend)]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        return apart(spec, case, draw(backend, spec, case), case.call(spec))


class GoldenVectors(Portable, id_="golden", title="golden", examples=60):
    """The calls of the specification's golden vectors give the values filed there."""

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        made = [c for c, _ in _golden_cases(spec.name).values()
                if c.dtype in dtypes(backend)
                and claims(backend, spec.name, c.shape, c.dtype, c.parameters)]  # fmt: skip
        return [st.sampled_from(made)] if made else []

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        _, ours = _golden_cases(spec.name)[repr(case)]
        return apart(spec, case, draw(backend, spec, case), case.call(spec), ours)


@functools.cache
def _golden_cases(name: str) -> dict[str, tuple[Case, Any]]:
    """The calls of an initializer and their values, by the calls' texts."""
    found = [(Case(one.shape, one.parameters, one.dtype, one.seed), one.array())
             for one in golden() if one.initializer == name]  # fmt: skip
    return {repr(case): (case, values) for case, values in found}
