"""Which shapes an initializer takes, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ._kernel import Kernel
from ._wording import Wording

__all__ = ["ShapeRule"]


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
        wording: Wording,
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
            raise ValueError(f"{who} needs {missing}, got {wording.thing} {shape}.")
        hint = ""
        if self.instead:
            hint = f"; {self.instead[0]} use {wording.spell(self.instead[1])}"
        elif ndim == 1:
            hint = f"; a bias starts at 0, use {wording.spell('zeros')}"
        lead = wording.leads.get("shape", "")
        raise ValueError(
            f"{lead}{who} needs {self.what} of {self.axes}, got {wording.thing} {shape}{hint}."
        )

    def __str__(self) -> str:
        return f"{self.what} of {self.axes}" + (f"; {self.reason}" if self.reason else "")
