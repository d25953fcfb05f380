"""`Watch`: signals, gradients, dead units and singular values in a running step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from initcore import Rng
from initcore.arguments import short_repr
from initcore.training import (
    Look,
    NotFiniteError,
    dead_units,
    largest_singular_value,
    mean_square,
    typical_singular_value,
)

from .._tensor import check_module
from ..networks._nested import tensors
from ..networks._shadow import plain_name

__all__ = ["Watch"]

FIRST = 12  # products of the first power iteration, which begins at random


class Watch:
    """Looks at every `every`-th step of a training loop of your own.

    Layers are modules without children that hold a kernel, a `weight` of two or more axes.
    Between looks nothing is computed but whether the loss that `check` is given is finite.

    Args:
        model: Before or after it was wrapped for several devices. The layers of a model that was
            compiled as a whole run without hooks: only their weights are seen.
        every: Steps from one look to the next.
        singular_values: Whether the kernels' largest singular values are followed, too.

    >>> model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> watch = Watch(model, every=10)
    >>> x = torch.ones(3, 8)
    >>> watch.begin(0)
    >>> loss = model(x).square().mean()
    >>> watch.check(loss, lambda: model(x))
    >>> loss.backward()
    >>> look = watch.end()  # before the optimizer's step
    >>> sorted(look.signal)
    ['0.weight', '2.weight']
    >>> watch.begin(1)
    >>> print(watch.end())
    None
    """

    def __init__(self, model: nn.Module, *, every: int = 100, singular_values: bool = True) -> None:
        check_module("Watch", model)
        if type(every) is not int or every < 1:
            raise ValueError(
                f"Watch needs every to be an integer >= 1, a number of steps, got "
                f"{short_repr(every)}."
            )
        self._model, self._every, self._singular_values = model, every, singular_values
        self._layers = {
            plain_name(model, f"{path}.weight" if path else "weight"): m
            for path, m in model.named_modules()
            if _has_kernel(m)
        }
        self._signals: dict[str, Tensor] = {}
        self._gradients: dict[str, Tensor] = {}
        self._directions: dict[str, Tensor] = {}
        self._handles: list[Any] = []
        self._step = 0

    def begin(self, step: int) -> None:
        """Before the forward pass of step number `step`, from 0; again where gradients add up."""
        self._step = step
        if step % self._every == 0 and not self._handles:
            self._signals, self._gradients = {}, {}
            self._handles = [
                layer.register_forward_hook(self._keep(path))
                for path, layer in self._layers.items()
            ]

    def check(self, loss: Any, again: Callable[[], Any] | None = None) -> None:
        """Whether the loss is finite, before the backward pass.

        Args:
            loss: A tensor, or None, which is not looked at.
            again: The forward pass once more, which is run to find the layer if it is not.

        Raises:
            NotFiniteError: It is not; the error names the first layer whose numbers are not finite.
        """
        if not isinstance(loss, Tensor) or bool(torch.isfinite(loss.detach()).all()):
            return
        self.close()
        self._check_weights()
        if again is not None:
            with self._until_not_finite(), torch.no_grad():
                again()
        raise NotFiniteError(self._step, "loss")

    def end(self) -> Look | None:
        """After the backward pass and before the optimizer's step: what was seen, if it was looked.

        Raises:
            NotFiniteError: A signal is not finite. Gradients may be so where a loss is scaled.
        """
        if not self._handles:
            return None
        self.close()
        dead: dict[str, Tensor] = {}
        largest: dict[str, Tensor] = {}
        typical: dict[str, Tensor] = {}
        with torch.no_grad():
            for path, layer in self._layers.items():
                w: Any = layer.weight
                gradient = _here(w.grad)
                if gradient is not None and type(layer) is not nn.Embedding:
                    dead[path] = dead_units(_matrix(layer, gradient))
                if self._singular_values and not hasattr(w, "to_local") and w.numel():
                    matrix = _matrix(layer, w).float()
                    largest[path] = self._largest(path, matrix)
                    typical[path] = typical_singular_value(matrix)
        found = {
            "signal": self._signals, "gradient": dict(reversed(self._gradients.items())),
            "dead": dead, "singular_value": largest,
            "spread": {path: value / typical[path] for path, value in largest.items()},
        }  # fmt: skip
        look = Look(self._step, **{what: _floats(values) for what, values in found.items()})
        if look.not_finite is not None and look.not_finite[1] == "signal":
            self._check_weights()
            raise NotFiniteError(self._step, "layer", look.not_finite[0])
        return look

    def _check_weights(self) -> None:
        for path, w in self._model.named_parameters():
            if not _is_finite(w):
                raise NotFiniteError(self._step, "weight", plain_name(self._model, path))

    def close(self) -> None:
        """Take the hooks away; `begin` sets them again."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _keep(self, path: str) -> Callable[..., None]:
        def keep(module: nn.Module, args: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.is_floating_point():
                self._signals[path] = mean_square(output.detach().float())
                if output.requires_grad:
                    hook: Any = output.register_hook
                    hook(lambda g: self._gradient(path, g))

        return keep

    def _gradient(self, path: str, gradient: Tensor) -> None:
        self._gradients[path] = mean_square(gradient.detach().float())

    def _largest(self, path: str, matrix: Tensor) -> Tensor:
        v = self._directions.get(path)
        steps = 2 if v is not None else FIRST
        if v is None:
            start = Rng(0).fold_in(path).normal((matrix.shape[1],))
            v = torch.from_numpy(start).to(matrix.device)
        value, self._directions[path] = largest_singular_value(matrix, v, steps)
        return value  # type: ignore[no-any-return]

    @contextmanager
    def _until_not_finite(self) -> Iterator[None]:
        """Runs inside of it end with an error at the first module with such an output."""

        def look(path: str) -> Callable[..., None]:
            def seen(module: nn.Module, args: Any, output: Any) -> None:
                if not all(map(_is_finite, tensors(output))):
                    sound = all(map(_is_finite, tensors(args)))
                    name = plain_name(self._model, path)
                    raise NotFiniteError(self._step, "signal" if sound else "input", name)

            return seen

        handles = [
            module.register_forward_hook(look(path))
            for path, module in self._model.named_modules()
            if path and next(module.children(), None) is None
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _has_kernel(module: nn.Module) -> bool:
    w = getattr(module, "weight", None)
    return isinstance(w, Tensor) and w.ndim > 1 and next(module.children(), None) is None


def _matrix(layer: nn.Module, w: Tensor) -> Tensor:
    """Of outputs and inputs."""
    swapped = (
        isinstance(layer, nn.modules.conv._ConvTransposeNd) or type(layer).__name__ == "Conv1D"
    )
    return (w.movedim(1, 0) if swapped else w).flatten(1)


def _here(t: Tensor | None) -> Tensor | None:
    """What this process has of a tensor; None if that is nothing."""
    local = t.to_local() if t is not None and hasattr(t, "to_local") else t
    return local if local is not None and local.numel() and not local.is_meta else None


def _is_finite(t: Tensor) -> bool:
    local = _here(t.detach())
    floats = local is not None and (local.is_floating_point() or local.is_complex())
    return not floats or bool(torch.isfinite(local).all())  # type: ignore[arg-type]


def _floats(values: dict[str, Tensor]) -> dict[str, float]:
    """The numbers, fetched at once."""
    if not values:
        return {}
    device = next(iter(values.values())).device
    stacked = torch.stack([v.float().to(device) for v in values.values()])
    return dict(zip(values, stacked.tolist(), strict=True))
