"""The specification of an initializer, filed once and read by everyone.

The decorator `initializer` turns a function into a checked one and files its `Spec` in `specs`;
error texts, documentation, the command line, test strategies and conformance checks are all made
from what stands there.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..arguments import as_shape, short_repr
from ..arrays import dtype_name, is_complex
from ._domain import Domain, TooLargeError
from ._invariant import Invariant
from ._kernel import Kernel
from ._layout import Layout
from ._region import Region
from ._shape_rule import ShapeRule
from ._wording import CORE, Wording

__all__ = ["Spec"]


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
        exact_across_namespaces: Whether every array library gives the same values up to the
            rounding of single operations: no matrix products make the entries.
        complex_: Whether it makes kernels of complex dtypes, too.
        entries: Whether its entries are draws, each at its place of the stream.
        regions: Whether it makes a `Region` of a kernel alone.
        example: A value of each parameter that has no default.
        made: The function of what `check` returned: `(rng, sizes, values, out, region) -> array`;
            None of a specification that `initializer` has not filed.
        defaults: Default values of the parameters that have one.
    """

    name: str
    function: Callable[..., Any]
    parameters: Mapping[str, Domain]
    shape: ShapeRule
    invariants: tuple[Invariant, ...]
    source: str
    random: bool = True
    exact_across_namespaces: bool = True
    complex_: bool = False
    entries: bool = False
    regions: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)
    made: Callable[..., Any] | None = field(default=None, repr=False, compare=False)
    defaults: dict[str, Any] = field(init=False, repr=False, compare=False)

    def draw(
        self, rng: Any, sizes: tuple[int, ...], values: Mapping[str, Any], out: Any,
        region: Region | None = None,
    ) -> Any:  # fmt: skip
        """The result for what `check` returned, not checked again; of a region, if it makes such.

        `out` then has the shape of the region.
        """
        if self.made is not None:
            return self.made(rng, sizes, values, out, region)
        w = self.function(rng, sizes, **values)
        if out is None:
            return w
        out[...] = w
        return out

    def __post_init__(self) -> None:
        signature = inspect.signature(self.function).parameters
        empty = inspect.Parameter.empty
        given = {n: signature[n].default for n in self.parameters}
        found = {n: default for n, default in given.items() if default is not empty}
        bare = [n for n in self.parameters if n not in found and n not in self.example]
        if bare:
            raise ValueError(
                f"{self.name} needs an example of {bare[0]}, which has no default: "
                f"@initializer(..., example={{{bare[0]!r}: ...}})."
            )
        object.__setattr__(self, "defaults", found)  # once: every call looks at them

    @property
    def statement(self) -> str:
        """What the result is, as a property that can be tested: the first line of the docs."""
        text = inspect.getdoc(self.function) or ""  # there is none under python -OO
        return text.split("\n\n")[0].replace("\n", " ")

    @property
    def origin(self) -> str:
        """The module and name of the function."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def builtin(self) -> bool:
        """Whether it is of this package, and so of the specification's document."""
        return self.origin.startswith("initcore.")

    @property
    def grouped(self) -> bool:
        """Whether it knows of groups."""
        return "groups" in self.parameters

    @property
    def rectangle(self) -> str:
        """The keyword of a rectangle of a kernel: `part`, or `piece` beside a parameter `part`."""
        return "piece" if "part" in self.parameters else "part"

    def check(
        self,
        shape: Any,
        parameters: Mapping[str, Any],
        *,
        wording: Wording = CORE,
        shown: Any = None,
    ) -> tuple[tuple[int, ...], dict[str, Any]]:
        """The canonical shape and all parameters, cleaned; nothing has been drawn yet.

        Args:
            shape: Canonical shape `(out, in, *spatial)`.
            parameters: What the caller gave, by the core's names.
            wording: Whose words error texts use.
            shown: The shape in the caller's axis order, for error texts.

        Raises:
            TypeError: A parameter is unknown, missing or of the wrong type.
            ValueError: A parameter or the shape is outside the domain.
        """
        who = wording.spell(self.name)
        sizes = as_shape(shape, who=who)
        shown = sizes if shown is None else tuple(shown)
        values = self.check_parameters(parameters, wording=wording)
        groups = values.get("groups", 1)
        if sizes and sizes[0] % groups:
            raise ValueError(
                f"{who} needs groups that divide the {sizes[0]} outputs of "
                f"{wording.thing} {shown}, got {short_repr(groups)}."
            )
        self.shape.check(who, shown, Kernel(sizes, groups), wording, values)
        return sizes, values

    def check_kernel(
        self, layout: Layout, shape: Any, parameters: Mapping[str, Any], *, wording: Wording = CORE
    ) -> tuple[Layout | None, tuple[int, ...], dict[str, Any]]:
        """As `check`, of a `shape` in the order of `layout`, which also says the groups.

        Returns:
            The layout, or None where the array has too few axes to be a kernel; the canonical
            shape; all parameters.
        """
        who = wording.spell(self.name)
        sizes = as_shape(shape, who=who)
        if len(sizes) < max(2, self.shape.low):
            return None, *self.check(sizes, parameters, wording=wording)
        try:
            kernel = layout.kernel(sizes)
        except ValueError as error:
            raise ValueError(f"{who}, shape {sizes}: {error}") from None
        given = {**parameters, "groups": kernel.groups} if self.grouped else parameters
        return layout, *self.check(kernel.shape, given, wording=wording, shown=sizes)

    def check_dtype(self, dtype: Any, *, wording: Wording = CORE) -> None:
        """Raise a `TypeError` for a complex dtype unless the initializer makes such kernels."""
        if is_complex(dtype) and not self.complex_:
            raise TypeError(
                f"{wording.spell(self.name)} makes real kernels only, got dtype "
                f"{dtype_name(dtype)}."
            )

    def check_parameters(
        self, parameters: Mapping[str, Any], *, wording: Wording = CORE
    ) -> dict[str, Any]:
        """All parameters, cleaned, before there is a shape."""
        who = wording.spell(self.name)
        values = dict(self.defaults)
        for name, value in parameters.items():
            if name not in self.parameters:
                known = ", ".join(wording.names.get(n, n) for n in self.parameters) or "none"
                raise TypeError(
                    f"{who} has no parameter {short_repr(name)}; its parameters: {known}."
                )
            values[name] = value
        for name, domain in self.parameters.items():
            if name not in values:
                raise TypeError(f"{who} needs a value for {wording.names.get(name, name)}.")
            values[name] = self.check_parameter(who, name, domain, values[name], wording)
        return values

    @staticmethod
    def check_parameter(who: str, name: str, domain: Domain, value: Any, wording: Wording) -> Any:
        try:
            return domain.check(value)
        except (TypeError, ValueError) as error:
            shown = wording.names.get(name, name)
            wanted = error if isinstance(error, TooLargeError) else domain
            end = _instead(who, shown, value, wording)
            text = (
                f"{who} needs {shown} ({domain.unit}) to be {wanted}, got {short_repr(value)}{end}"
            )
            if isinstance(error, TypeError):
                raise TypeError(text) from None
            raise ValueError(wording.leads.get(name, "") + text) from None


def _instead(who: str, name: str, value: Any, wording: Wording) -> str:
    """What to do, behind an error about the value of a parameter."""
    if wording.called and _is_array(value):
        return f"; it is made first and called then: {who}(){wording.called}."
    if name in ("gain", "scale") and (isinstance(value, str) or callable(value)):
        shown = repr(value) if isinstance(value, str) else "activation"
        return f"; the gain of an activation is initcore.gain({shown[:40]})."
    return "."


def _is_array(value: Any) -> bool:
    """Whether it is an array of some axes, or looks like the shape of one."""
    return isinstance(value, (tuple, list)) or bool(getattr(value, "shape", ()))
