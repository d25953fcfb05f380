"""The registry: every initializer's `Spec`, filed by a decorator."""

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..arguments import as_shape
from ..arrays import Shape, check_out, compute_dtype, dtype_name, is_contiguous
from ..random import Rng, check_rng
from ._by_name import ByName
from ._domain import Domain, Integer
from ._invariant import Invariant
from ._part import Part, check_part, made_part
from ._region import Region
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


specs = ByName[Spec]("initcore.initializers", "specs of")
"""Every initializer's `Spec`, by name."""


def _as_called(signature: inspect.Signature, rectangle: str) -> inspect.Signature:
    """The signature with `out=None` and a rectangle as its last parameters, without a region."""
    parameters = [p for n, p in signature.parameters.items() if n not in ("out", "region")]
    kind = inspect.Parameter.KEYWORD_ONLY
    more = [inspect.Parameter("out", kind, default=None, annotation=Any),
            inspect.Parameter(rectangle, kind, default=None, annotation=Part | None)]  # fmt: skip
    return signature.replace(parameters=[*parameters, *more])


Array = TypeVar("Array")
P = ParamSpec("P")
# As a function is written, with its shape checked, and as it is called.
Written = Callable[Concatenate[Rng[Array], tuple[int, ...], P], Array]
Checked = Callable[Concatenate[Rng[Array], Shape, P], Array]


def initializer(
    *,
    shape: ShapeRule,
    invariants: tuple[Invariant, ...],
    source: str,
    parameters: Mapping[str, Domain] | None = None,
    random: bool = True,
    exact: bool = True,
    rounds: bool = False,
    complex_: bool = False,
    example: Mapping[str, Any] | None = None,
) -> Callable[[Written[Array, P]], Checked[Array, P]]:
    """File the decorated function `(rng, shape, /, *, parameters)` as an initializer.

    Args:
        shape: Which shapes it takes.
        invariants: What is true of every result.
        source: Paper or book, for the documentation.
        parameters: Domain of each keyword-only parameter, by name.
        random: Whether the result depends on the key.
        exact: Whether every array library gives the same values up to the rounding of single
            operations; False where matrix products make the entries.
        rounds: Whether the function itself rounds its result once, to an `Rng` of any dtype, and
            writes to an `out` of any strides; its entries are draws, each at its place of the
            stream, so that a part of them can be drawn alone.
        complex_: Whether it makes kernels of complex dtypes, too.
        example: A value of each parameter that has no default, for documentation and checks.

    Raises:
        ValueError: A parameter without a default has no example, or the name is taken.

    The function gets an `Rng` of the dtype to compute in, and checked arguments; the result is
    rounded once, here, to the `Rng`'s dtype, unless the function does. `groups` is added to the
    parameters of functions that take it. Every initializer takes `out`, a NumPy array or PyTorch
    tensor of the result's shape and dtype to write into; a function that takes `out` itself saves
    the copy, and returns `out` where it has built its result there. Every initializer takes `part`,
    a `Part` (`piece` where it has a parameter `part`): the shape is then that of a rectangle of the
    kernel, and its values are those that the whole has there. A function that takes `region`, a
    `Region` or None, makes the part alone: it gets the shape of the whole, and returns an array of
    the region's shape.
    """

    def file(function: Written[Array, P]) -> Checked[Array, P]:
        name = function.__name__
        takes = inspect.signature(function).parameters
        domains = dict(parameters or {})
        if "groups" in takes:
            domains["groups"] = GROUPS
        builds_in_place = "out" in takes
        of_checked: Callable[..., Any] = function

        def made(
            rng: Rng, kernel: tuple[int, ...], values: Mapping[str, Any], out: Any,
            region: Region | None = None,
        ) -> Any:  # fmt: skip
            sizes = kernel if rng.window is None else rng.window[1]
            sizes = sizes if region is None else region.shape
            fine = compute_dtype(rng.xp, rng.dtype)
            if rounds and all(isinstance(value, (float, int, str)) for value in values.values()):
                fine = rng.dtype
            spec.check_dtype(rng.dtype)
            check_out(name, out, sizes, rng.xp, rng.dtype)
            if 0 in sizes:
                if out is not None:
                    return out
                return rng.xp.zeros(sizes, dtype=rng.dtype, device=rng.device)
            fits = out is not None and out.dtype == fine and (rounds or is_contiguous(out))
            if builds_in_place and fits:
                values = {**values, "out": out}
            if region is not None:
                values = {**values, "region": region}
            try:
                if rng.window is None:
                    _check_memory(sizes, rng)
                w = of_checked(rng if rng.dtype == fine else rng.astype(fine), kernel, **values)
            except MemoryError:
                size = math.prod(sizes) * (8 if dtype_name(fine) == "float64" else 4)
                raise MemoryError(
                    f"{name} cannot allocate the {size / 2**30:.3g} GiB that shape {sizes} takes."
                ) from None
            if out is None:
                return rng.xp.astype(w, rng.dtype, copy=False)
            if w is not out:
                out[...] = w
            return out

        @functools.wraps(function)
        def checked(
            rng: Any = None, shape: Any = None, /, *more: Any, out: Any = None, **given: Any
        ) -> Any:
            check_rng(name, rng)
            if shape is None or more:
                raise TypeError(
                    f"{name} needs an Rng and a shape, as in {name}(initcore.Rng(0), (256, 128)); "
                    "whatever else there is needs its name, as in gain=2.0."
                )
            part = given.pop(spec.rectangle, None)
            if part is None and isinstance(given.get("part"), Part):
                part = given.pop("part")
            if part is None:
                return made(rng, *spec.check(shape, given), out)
            shape = as_shape(shape, who=name)
            check_part(name, part, shape)
            check_out(name, out, shape, rng.xp, rng.dtype)
            return made_part(spec, rng, part, shape, *spec.check(part.shape, given), None, out)

        spec = Spec(
            name=name,
            function=checked,
            made=made,
            parameters=MappingProxyType(domains),
            shape=shape,
            invariants=invariants,
            source=source,
            random=random,
            exact_across_namespaces=exact,
            complex_=complex_,
            entries=rounds and random,
            regions="region" in takes,
            example=MappingProxyType(dict(example or {})),
        )
        as_called = _as_called(inspect.signature(function), spec.rectangle)
        checked.__signature__ = as_called  # type: ignore[attr-defined]
        specs.file(spec)
        return checked

    return file
