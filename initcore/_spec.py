"""The specification of an initializer, filed once and read by everyone.

The decorator `initializer` turns a function into a checked one and files its `Spec` in `specs`;
error texts, documentation, the command line, test strategies and conformance checks are all made
from what stands there.
"""

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from ._arguments import as_shape
from ._brief import brief
from ._domain import Domain, Integer, TooLargeError
from ._dtype import compute_dtype, dtype_name
from ._kernel import Kernel
from ._rng import Rng, check_rng

if TYPE_CHECKING:
    from .invariants import Invariant

__all__ = ["CORE", "ShapeRule", "Spec", "Voice", "initializer", "specs"]

GROUPS = Integer("independent kernels stacked along the outputs", low=1)


@dataclass(frozen=True)
class Voice:
    """How a caller speaks of initializers: the core, or an adapter with its own names.

    Args:
        spell: From the core's name of an initializer to the caller's.
        thing: What is filled: "a shape", "a tensor of shape", ...
        names: The caller's parameter names, by the core's.
    """

    spell: Callable[[str], str] = str
    thing: str = "shape"
    names: Mapping[str, str] = field(default_factory=dict)


CORE = Voice()


@dataclass(frozen=True)
class ShapeRule:
    """Which shapes an initializer takes: between `low` and `high` axes.

    Args:
        low, high: Number of axes, `high=None` for no limit.
        what: What such a shape is, in words.
        instead: Initializer to use for other shapes, with the words that introduce it.
        condition: Further condition on sizes and parameters: `(kernel, parameters)` to what is
            needed and not met, in words, or None.
        reason: What the condition asks in general, for the docs.
    """

    low: int = 0
    high: int | None = None
    what: str = "a shape"
    instead: tuple[str, str] | None = None
    condition: Callable[[Kernel, Mapping[str, Any]], str | None] | None = None
    reason: str = ""

    @property
    def axes(self) -> str:
        """The number of axes in words."""
        if self.high is None:
            return f"{self.low} or more axes" if self.low else "any number of axes"
        return f"{self.low} axes" if self.low == self.high else f"{self.low} to {self.high} axes"

    def check(
        self,
        who: str,
        shape: tuple[int, ...],
        kernel: Kernel,
        voice: Voice,
        parameters: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Raise a `ValueError` in the caller's words unless `shape` fits."""
        ndim = len(kernel.shape)
        if self.low <= ndim and (self.high is None or ndim <= self.high):
            # An empty kernel fits wherever its number of axes does: there is nothing to fill.
            missing = None
            if self.condition is not None and 0 not in kernel.shape:
                missing = self.condition(kernel, parameters)
            if missing is None:
                return
            raise ValueError(f"{who} needs {missing}, got {voice.thing} {shape}.")
        hint = ""
        if self.instead:
            hint = f"; {self.instead[0]} use {voice.spell(self.instead[1])}"
        raise ValueError(
            f"{who} needs {self.what} of {self.axes}, got {voice.thing} {shape}{hint}."
        )

    def __str__(self) -> str:
        return f"{self.what} of {self.axes}" + (f"; {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Spec:
    """An initializer as data.

    Attributes:
        name: Name in the core.
        function: The checked function `(rng, shape, /, *, parameters) -> array`.
        parameters: Domain of each parameter, by name.
        shape: Which shapes it takes.
        invariants: What is true of every result.
        source: Where it comes from.
        random: Whether the result depends on the key.
        defaults: Default values of the parameters that have one.
    """

    name: str
    function: Callable[..., Any]
    parameters: Mapping[str, Domain]
    shape: ShapeRule
    invariants: "tuple[Invariant, ...]"
    source: str
    random: bool = True
    defaults: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        signature = inspect.signature(self.function).parameters
        empty = inspect.Parameter.empty
        found = {n: p.default for n, p in signature.items() if p.default is not empty}
        object.__setattr__(self, "defaults", found)  # once: every call looks at them

    @property
    def statement(self) -> str:
        """What the result is, as a property that can be tested: the first line of the docs."""
        return inspect.getdoc(self.function).split("\n\n")[0].replace("\n", " ")  # type: ignore[union-attr]

    @property
    def grouped(self) -> bool:
        """Whether it knows of groups."""
        return "groups" in self.parameters

    def check(
        self,
        shape: Any,
        parameters: Mapping[str, Any],
        *,
        voice: Voice = CORE,
        shown: Any = None,
    ) -> tuple[tuple[int, ...], dict[str, Any]]:
        """The canonical shape and all parameters, cleaned; nothing has been drawn yet.

        Args:
            shape: Canonical shape `(out, in, *spatial)`.
            parameters: What the caller gave, by the core's names.
            voice: Whose words error texts use.
            shown: The shape in the caller's axis order, for error texts.

        Raises:
            TypeError: A parameter is unknown, missing or of the wrong type.
            ValueError: A parameter or the shape is outside the domain.
        """
        who = voice.spell(self.name)
        sizes = as_shape(shape, who=who)
        shown = sizes if shown is None else tuple(shown)
        values = dict(self.defaults)
        for name, value in parameters.items():
            if name not in self.parameters:
                known = ", ".join(voice.names.get(n, n) for n in self.parameters) or "none"
                raise TypeError(f"{who} has no parameter {brief(name)}; its parameters: {known}.")
            values[name] = value
        for name, domain in self.parameters.items():
            if name not in values:
                raise TypeError(f"{who} needs a value for {voice.names.get(name, name)}.")
            values[name] = self._clean(who, name, domain, values[name], voice)
        groups = values.get("groups", 1)
        if sizes and sizes[0] % groups:
            raise ValueError(
                f"{who} needs groups that divide the {sizes[0]} outputs of "
                f"{voice.thing} {shown}, got {brief(groups)}."
            )
        self.shape.check(who, shown, Kernel(sizes, groups), voice, values)
        return sizes, values

    @staticmethod
    def _clean(who: str, name: str, domain: Domain, value: Any, voice: Voice) -> Any:
        try:
            return domain.check(value)
        except (TypeError, ValueError) as error:
            shown = voice.names.get(name, name)
            wanted = error if isinstance(error, TooLargeError) else domain
            text = f"{who} needs {shown} ({domain.unit}) to be {wanted}, got {brief(value)}."
            raise (TypeError if isinstance(error, TypeError) else ValueError)(text) from None


def _room_for(sizes: tuple[int, ...], rng: Rng) -> None:
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
    invariants: "tuple[Invariant, ...]",
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
                _room_for(sizes, rng)
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
