"""Where a framework keeps the axes of a kernel: the only place where axes are moved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from ..arguments import short_repr
from ._kernel import Kernel

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """The order of a framework's kernel axes.

    Args:
        groups_on_in: Whether groups lie along the inputs.
        out: Axes that together are the outputs.
        in_: Axes that together are the inputs (of one group).
        batch: Axes that count independent kernels.
        groups: Independent kernels along the outputs; with `groups_on_in`, along the inputs, as
            transposed convolutions keep them.

    The remaining axes are spatial, in order. `Layout((0,), (1,))` is the core's own order.
    """

    out: tuple[int, ...]
    in_: tuple[int, ...]
    batch: tuple[int, ...] = ()
    groups: int = 1
    groups_on_in: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.groups, bool) or not isinstance(self.groups, Integral):
            raise TypeError(f"groups needs to be an integer >= 1, got {short_repr(self.groups)}.")

    def kernel(self, shape: Sequence[int]) -> Kernel:
        """The canonical sizes of a kernel of the framework's `shape`.

        Raises:
            ValueError: An axis is out of range or named twice, or `groups` does not divide.
        """
        batch, out, in_, spatial = self._roles(len(shape))
        outs = math.prod([shape[a] for a in out])  # lists: torch.compile follows them
        ins = math.prod([shape[a] for a in in_])
        split = ins if self.groups_on_in else outs
        if self.groups < 1 or split % self.groups:
            what = "inputs" if self.groups_on_in else "outputs"
            raise ValueError(
                f"groups needs to divide the {split} {what} of a kernel of shape "
                f"{tuple(shape)}, got {short_repr(self.groups)}."
            )
        count = math.prod([shape[a] for a in batch])
        if self.groups_on_in:
            ins, outs = ins // self.groups, outs * self.groups
        return Kernel(
            (count * outs, ins, *(shape[a] for a in spatial)), max(count, 1) * self.groups
        )

    def overlaps(self, ndim: int) -> bool:
        """Whether an axis has several roles, so that no kernel has these axes."""
        named = [a for axes in self._named(ndim) for a in axes]
        return len(set(named)) != len(named)

    def fans(self, shape: Sequence[int]) -> tuple[float, float]:
        """Inputs and outputs of a weight, where an axis counts in each of its roles, as in JAX.

        What is left of the size counts as taps. For axes of one role each these are the fans of
        the kernel; a table `(tokens, width)` whose only axis is that of the tokens has `width` of
        both.

        >>> Layout((0,), (0,)).fans((1000, 64))
        (64.0, 64.0)
        """
        batch, out, in_ = (math.prod([shape[a] for a in axes]) for axes in self._named(len(shape)))
        taps = math.prod(shape) / (batch * out * in_) if 0 not in shape else 0.0
        return in_ * taps, out * taps

    def to_canonical(self, w: Any, *, xp: Any) -> Any:
        """The kernel `w` of the framework as `(out, in, *spatial)`."""
        kernel = self.kernel(w.shape)
        w = xp.permute_dims(w, self._order(w.ndim))
        if self.groups_on_in:
            w = xp.reshape(w, (kernel.groups, kernel.in_, kernel.out, *kernel.spatial))
            w = xp.permute_dims(w, (0, 2, 1, *range(3, w.ndim)))
        return xp.reshape(w, kernel.shape)

    def from_canonical(self, w: Any, shape: Sequence[int], *, xp: Any) -> Any:
        """The canonical kernel `w` in the framework's order, of the framework's `shape`."""
        kernel, order = self.kernel(shape), self._order(len(shape))
        if self.groups_on_in:
            w = xp.reshape(w, (kernel.groups, kernel.out, kernel.in_, *kernel.spatial))
            w = xp.permute_dims(w, (0, 2, 1, *range(3, w.ndim)))
        w = xp.reshape(w, tuple(shape[a] for a in order))
        back = tuple(sorted(range(len(order)), key=order.__getitem__))
        return w if back == order == tuple(range(len(order))) else xp.permute_dims(w, back)

    def keeps_order(self, ndim: int) -> bool:
        """Whether the framework's axes stand in the canonical order: turning is a reshape."""
        return not self.groups_on_in and self._order(ndim) == tuple(range(ndim))

    def axes(self, ndim: int) -> list[tuple[int, ...]]:
        """The framework's axes behind each of the kernel's, kernels counting as outputs.

        >>> Layout((1,), (0,)).axes(3)
        [(1,), (0,), (2,)]
        """
        batch, out, in_, spatial = self._roles(ndim)
        return [(*batch, *out), in_, *((axis,) for axis in spatial)]

    def _order(self, ndim: int) -> tuple[int, ...]:
        """The framework's axes, kernels first, then the canonical order (inputs first if split)."""
        batch, out, in_, spatial = self._roles(ndim)
        return (*batch, *in_, *out, *spatial) if self.groups_on_in else (
            *batch, *out, *in_, *spatial)  # fmt: skip

    def _named(self, ndim: int) -> list[tuple[int, ...]]:
        """The axes of kernels, outputs and inputs, counted from the first."""
        roles = []
        for axes in (self.batch, self.out, self.in_):
            for a in axes:
                if not -ndim <= a < ndim:
                    raise ValueError(f"axis {a} is out of range for a kernel of {ndim} axes.")
            roles.append(tuple(a % ndim for a in axes))
        return roles

    def _roles(self, ndim: int) -> tuple[tuple[int, ...], ...]:
        roles = self._named(ndim)
        named = [a for role in roles for a in role]
        if len(set(named)) != len(named):
            raise ValueError(
                f"each axis of a kernel has one role, got out {self.out}, in {self.in_} and "
                f"batch {self.batch} for {ndim} axes."
            )
        return (*roles, tuple(a for a in range(ndim) if a not in named))
