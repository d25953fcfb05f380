"""Hypothesis strategies made from a `Spec`: a new initializer needs no code here.

Cases shrink towards small shapes, default parameters and seed 0. Only calls are made that the core
takes and that the backend claims to take.
"""

import functools
import math
from collections.abc import Mapping
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from initcore import Rng, Spec
from initcore.spec import Choice, Integer, Real

from ._backend import claims, seed_bits, takes_groups, usual_dtype
from ._case import Case

__all__ = ["cases", "choices", "empty_cases", "large_cases", "layer_cases", "values"]

MOST_AXES = 5
SEVERAL = 8  # largest size of a channel axis in small cases
TAPS = 4  # largest size of a spatial axis
MANY = 6000  # elements of a large case


@functools.cache  # made once, not at each draw: making them took a tenth of a run
def values(domain: Any) -> st.SearchStrategy[Any]:
    """Valid values of a parameter: short decimals, far from overflow and underflow."""
    if isinstance(domain, Choice):
        return st.sampled_from(domain.options)
    if isinstance(domain, Integer):
        return st.integers(domain.low, domain.low + 4)
    low, high = domain.low, domain.high
    if math.isfinite(low) and math.isfinite(high):
        steps = st.integers(int(domain.open_low), 16 - int(domain.open_high))
        return steps.map(lambda i: round(low + (high - low) * i / 16, 10))
    if math.isfinite(low):
        return st.integers(int(domain.open_low), 30).map(lambda i: round(low + i / 10, 10))
    if math.isfinite(high):
        return st.integers(int(domain.open_high), 30).map(lambda i: round(high - i / 10, 10))
    finite = st.integers(-30, 30).map(lambda i: i / 10)
    return finite if domain.finite else finite | st.sampled_from((-math.inf, math.inf))


@st.composite
def _parameters(draw: Any, spec: Spec) -> dict[str, Any]:
    """Required parameters, and some of the others; `groups` belongs to the shape."""
    found, defaults = {}, spec.defaults
    for name, domain in spec.parameters.items():
        if name == "groups" or not isinstance(domain, (Real, Integer, Choice)):
            continue
        if name not in defaults or draw(st.booleans()):
            found[name] = draw(values(domain))
    return found


@functools.cache
def _spatial(axes: int, most: int) -> st.SearchStrategy[tuple[int, ...]]:
    size = st.integers(1, most)
    if axes < 2:
        return st.tuples(*[size] * axes)
    return size.map(lambda k: (k,) * axes) | st.tuples(*[size] * axes)


def _axes(spec: Spec, low: int = 0, high: int = MOST_AXES) -> st.SearchStrategy[int]:
    low, most = max(low, spec.shape.low), spec.shape.high
    return st.integers(low, max(low, min(high, most if most is not None else high)))


@st.composite
def _shapes(draw: Any, axes: int, channels: tuple[int, int], taps: int) -> tuple[int, ...]:
    ends = tuple(draw(st.integers(*channels)) for _ in range(min(axes, 2)))
    return (*ends, *draw(_spatial(max(0, axes - 2), taps if axes < 5 else min(taps, 3))))


def _seeds(backend: Any) -> st.SearchStrategy[int]:
    return st.integers(0, 9) | st.integers(0, (1 << seed_bits(backend)) - 1)


def _case(
    draw: Any,
    backend: Any,
    spec: Spec,
    shape: tuple[int, ...],
    groups: int = 1,
    *,
    parameters: st.SearchStrategy[dict[str, Any]] | None = None,
    seeds: st.SearchStrategy[int] | None = None,
    dtype: str | None = None,
    **more: Any,
) -> Case:
    """The case of one group's `shape`, with parameters and seed drawn, if it is a valid one."""
    given = draw(_parameters(spec) if parameters is None else parameters)
    if groups > 1:
        given = {**given, "groups": groups}
        shape = (shape[0] * groups, *shape[1:])
    seed = draw(_seeds(backend) if seeds is None else seeds)
    case = Case(shape, given, dtype or usual_dtype(backend), seed, **more)
    assume(_valid(backend, spec, case))
    return case


def _valid(backend: Any, spec: Spec, case: Case) -> bool:
    """Whether the core takes the call (it alone knows rules that join parameters)."""
    if not claims(backend, spec.name, case.shape, case.dtype, case.parameters):
        return False
    # An empty kernel is made without a look at the parameters: ask of one with elements. Where the
    # shape fits, a small one tells as much of the rules that join parameters.
    shape, one = tuple(n or 2 for n in case.shape), dict(case.parameters)
    try:
        spec.check(shape, one)
        if "groups" in one:
            shape, one["groups"] = (shape[0] // case.groups, *shape[1:]), 1
        if spec.shape.condition is None:
            shape = tuple(min(n, 2) for n in shape)
        spec.function(Rng(0), shape, **one)
    except (TypeError, ValueError):
        return False
    return True


def _with_groups(backend: Any, spec: Spec) -> bool:
    """Whether both know of groups."""
    shape = (2, *[1] * (max(2, spec.shape.low) - 1))
    return spec.grouped and claims(backend, spec.name, shape, usual_dtype(backend), {"groups": 2})


@st.composite
def cases(draw: Any, backend: Any, spec: Spec, dtype: str | None = None) -> Case:
    """Small valid calls: every number of axes, wide and tall, even and odd, grouped or not."""
    shape = draw(_shapes(draw(_axes(spec)), (1, SEVERAL), TAPS))
    groups = draw(st.integers(1, 3)) if _with_groups(backend, spec) else 1
    return _case(draw, backend, spec, shape, groups, dtype=dtype)


@st.composite
def empty_cases(draw: Any, backend: Any, spec: Spec) -> Case:
    """Valid calls for a shape without elements."""
    shape = draw(_shapes(draw(_axes(spec, low=1)), (1, 3), 3))
    axis = draw(st.integers(0, len(shape) - 1))
    return _case(draw, backend, spec, (*shape[:axis], 0, *shape[axis + 1 :]))


@st.composite
def large_cases(
    draw: Any,
    backend: Any,
    spec: Spec,
    dtype: str | None = None,
    calls: int = 1,
    fixed: Mapping[str, Any] | None = None,
) -> Case:
    """Calls with thousands of elements, in hundreds of groups where there are groups.

    They are for statistics: parameters of value 0, which leave nothing to chance, keep their
    defaults. With `calls` the elements are spread over as many seeds; parameters may be `fixed`.
    """
    axes, groups = draw(_axes(spec, low=1 if not spec.grouped else 2, high=4)), 1
    if _with_groups(backend, spec):
        shape = draw(_shapes(axes, (1, 6), 3))
        # What has to do with taps shows in three or more.
        shape = (*shape[:2], *(draw(st.sampled_from((k, 3, 3))) for k in shape[2:]))
        most = max(1, MANY // calls // math.prod(shape))
        groups = max(48, min(most, 400)) if calls == 1 else min(most, 8)
    elif calls > 1 and spec.grouped:
        shape = draw(_shapes(axes, (1, 6), 3))
    else:
        shape = draw(_shapes(axes, (2, 6), 3))
        shape = (*shape[:-1], max(1, MANY // calls // math.prod(shape[:-1])))
        if axes > 2:
            shape = (shape[0], shape[-1], *shape[1:-1])
    chance = _parameters(spec).map(
        lambda p: {k: v for k, v in {**p, **(fixed or {})}.items() if v != 0.0}
    )
    seeds = st.integers(0, 9) | st.integers(0, (1 << min(32, seed_bits(backend))) - 1 - calls)
    return _case(
        draw, backend, spec, shape, groups, parameters=chance, seeds=seeds, dtype=dtype, calls=calls
    )


def choices(spec: Spec) -> list[dict[str, Any]]:
    """Every value of each parameter that has a few by name, alone."""
    return [
        {name: value}
        for name, domain in spec.parameters.items()
        if isinstance(domain, Choice)
        for value in domain.options
    ]


@st.composite
def layer_cases(draw: Any, backend: Any, spec: Spec, kind: str) -> Case:
    """Valid calls for the kernel of a layer of this kind, square ones often."""
    axes = 2 if kind == "dense" else 2 + int(kind[-2])
    shape, groups = draw(_shapes(axes, (1, 6), 3)), 1
    if kind.startswith("depthwise"):
        shape, groups = (min(shape[0], 3), 1, *shape[2:]), draw(st.integers(2, 4))
    elif kind != "dense":
        grouped = takes_groups(backend, kind) and _with_groups(backend, spec)
        groups = draw(st.integers(1, 2)) if grouped else 1
    if "transpose" in kind:
        shape = (*shape[:2], *(k - 1 + k % 2 for k in shape[2:]))
    if draw(st.booleans()) and not kind.startswith("depthwise"):
        shape = (shape[1], shape[1], *shape[2:])
    case = _case(draw, backend, spec, shape, groups, kind=kind)
    assume(all(math.isfinite(v) for v in case.parameters.values() if isinstance(v, float)))
    return case
