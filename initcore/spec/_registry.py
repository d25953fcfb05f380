"""The registry: every initializer's `Spec`, filed by a decorator."""

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from ..arrays import compute_dtype, dtype_name
from ..random import Rng, check_rng
from ._domain import Domain, Integer
from ._invariant import Invariant
from ._shape_rule import ShapeRule
from ._spec import Spec

__all__ = ["GROUPS", "initializer", "specs"]

GROUPS = Integer("independent kernels stacked along the outputs", low=1)


def _check_memory(sizes: tuple[int, ...], rng: Rng) -> None:
    """Raise a `MemoryError` before any work is done for an array that cannot be allocated."""
    if math.prod(sizes) >= 1 << 33:
        try:
            rng.xp.empty(sizes, dtype=rng.dtype, device=rng.device)
        except RuntimeError:  # PyTorch's and JAX's
            raise MemoryError from None


_registry: dict[str, Spec] = {}


specs: Mapping[str, Spec] = MappingProxyType(_registry)
"""Every initializer's `Spec`, by name."""


F = TypeVar("F", bound=Callable[..., Any])


def initializer(
    *,
    shape: ShapeRule,
    invariants: tuple[Invariant, ...],
    source: str,
    parameters: Mapping[str, Domain] | None = None,
    random: bool = True,
) -> Callable[[F], F]:
    """File the decorated function `(rng, shape, /, *, parameters)` as an initializer.

    The function gets an `Rng` of the dtype to compute in and clean arguments; the result is
    rounded to the dtype asked for once, here. `groups` is added to the parameters of functions
    that take it.
    """

    def file(function: F) -> F:
        name = function.__name__
        takes = inspect.signature(function).parameters
        domains = dict(parameters or {})
        if "groups" in takes:
            domains["groups"] = GROUPS

        @functools.wraps(function)
        def checked(rng: Rng, shape: Any, /, **given: Any) -> Any:
            check_rng(name, rng)
            sizes, values = spec.check(shape, given)
            fine = compute_dtype(rng.xp, rng.dtype)
            if math.prod(sizes) == 0:
                return rng.xp.zeros(sizes, dtype=rng.dtype, device=rng.device)
            try:
                _check_memory(sizes, rng)
                w = function(rng.astype(fine), sizes, **values)
            except MemoryError:
                size = math.prod(sizes) * (8 if dtype_name(fine) == "float64" else 4)
                raise MemoryError(
                    f"{name} cannot allocate the {size / 2**30:.3g} GiB that shape {sizes} takes."
                ) from None
            return rng.xp.astype(w, rng.dtype, copy=False)

        spec = Spec(
            name=name,
            function=checked,
            parameters=MappingProxyType(domains),
            shape=shape,
            invariants=invariants,
            source=source,
            random=random,
        )
        _registry[name] = spec
        return checked  # type: ignore[return-value]

    return file
