"""The weights of a module as its layers use them: parameters, and kernels that are computed."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

__all__ = ["Computed", "computed_weights", "standing_still"]


@dataclass(frozen=True)
class Computed:
    """A kernel that a parametrization or a hook computes from other parameters.

    Attributes:
        module, name: Where it is: `module.name`.
        originals: The parameters' own names in the module, from the first.
        hook: Of the older `torch.nn.utils.weight_norm` the key of its hook; None otherwise.
    """

    module: nn.Module
    name: str
    originals: tuple[str, ...]
    hook: int | None = None

    @property
    def value(self) -> Tensor:
        """The kernel now."""
        if self.hook is None:
            with self._evaluating():
                return getattr(self.module, self.name)  # type: ignore[no-any-return]
        found: Tensor = self._norm.compute_weight(self.module)
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        with torch.no_grad():
            return tuple(self.value.shape)

    @property
    def refusal(self) -> str:
        """Why it cannot be set, empty if it can."""
        if self.hook is not None:
            return ""
        for step in self.module.parametrizations[self.name]:  # type: ignore[index]
            kind = type(step).__name__
            if not hasattr(step, "right_inverse") or kind == "_Orthogonal":
                return f"its parametrization {kind} decides its values"
        return ""

    def set(self, w: Tensor) -> None:
        """Give the parameters the values from which the kernel `w` is computed."""
        with torch.no_grad():
            if self.hook is None:
                before = [t.clone() for t in self._normed]
                setattr(self.module, self.name, w)
                _directed(*self._normed, *before)
                return
            g, v = self._normed
            before = [g.clone(), v.clone()]
            v.copy_(w)
            g.copy_(torch.norm_except_dim(w, 2, self._norm.dim))
            _directed(g, v, *before)
            setattr(self.module, self.name, self.value)

    @property
    def _normed(self) -> list[Tensor]:
        """Lengths and directions of a weight normalization; empty of other parametrizations."""
        if self.hook is not None:
            return [getattr(self.module, f"{self.name}_{part}") for part in "gv"]
        steps: Any = self.module.parametrizations[self.name]  # type: ignore[index]
        if len(steps) > 1 or type(steps[0]).__name__ != "_WeightNorm":
            return []
        return [steps.original0, steps.original1]

    @contextlib.contextmanager
    def _evaluating(self) -> Iterator[None]:
        """In training, looking at a spectral normalization's kernel would advance it."""
        steps = list(self.module.parametrizations[self.name].modules())  # type: ignore[index, union-attr]
        modes = [step.training for step in steps]
        try:
            for step in steps:
                step.training = False
            yield
        finally:
            for step, mode in zip(steps, modes, strict=True):
                step.training = mode

    @property
    def _norm(self) -> Any:
        return self.module._forward_pre_hooks[self.hook]  # type: ignore[index]


def _directed(*lengths_and_directions: Tensor) -> None:
    """Give kernels of length 0 the directions that they had; 0 / 0 is none."""
    if not lengths_and_directions:
        return
    g, v, _, before = lengths_and_directions
    axes = [k for k, n in enumerate(g.shape) if n == 1] if g.ndim == v.ndim else []
    had = before.square().sum(axes, keepdim=True) if axes else before.square().sum()
    v.copy_(torch.where(g == 0, torch.where(had > 0, before, torch.ones_like(v)), v))


def computed_weights(model: nn.Module) -> dict[str, Computed]:
    """By path the kernels that are computed from other parameters of the model."""
    found: dict[str, Computed] = {}
    for prefix, module in model.named_modules():
        start = f"{prefix}." if prefix else ""
        if parametrize.is_parametrized(module):
            for name, steps in module.parametrizations.items():
                own = tuple(f"parametrizations.{name}.{n}" for n, _ in steps.named_parameters())
                found[start + name] = Computed(module, name, own)
        for key, hook in getattr(module, "_forward_pre_hooks", {}).items():
            if type(hook).__name__ == "WeightNorm":
                own = (f"{hook.name}_g", f"{hook.name}_v")
                found[start + hook.name] = Computed(module, hook.name, own, key)
    return found


@contextlib.contextmanager
def standing_still(computed: dict[str, Computed]) -> Iterator[dict[str, Tensor]]:
    """The computed kernels by path, each one tensor for as long as the context lasts.

    The caller puts the hooks and the attributes back.
    """
    with parametrize.cached(), torch.no_grad():
        met = {path: c.value for path, c in computed.items()}
        for path, c in computed.items():
            if c.hook is not None:
                del c.module._forward_pre_hooks[c.hook]
                c.module.__dict__[c.name] = met[path]
        yield met
