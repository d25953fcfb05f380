"""The framework's real layers: a kernel in the wrong layout looks right until it is used."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore._dtype import eps

from .._case import Case, Failure, reference
from .._convolution import apply, kernel_of
from .._strategies import layer_cases
from ._protocol import numbers, violation

__all__ = ["Layers"]


class Layers:
    """A real layer applies the canonical kernel, and its map has the spec's invariants."""

    id = "layers"
    title = "layers"
    proves = "The framework's own layers, initialised, compute what the specification promises."
    examples = 3

    def skip(self, backend: Any, spec: Spec) -> str | None:
        if not getattr(backend, "layers", ()):
            return "offers no layers"
        return None if self._kinds(backend, spec) else f"no layer has {spec.shape}"

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [layer_cases(backend, spec, kind) for kind in self._kinds(backend, spec)]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        call = case.call(spec)
        forward = backend.layer(
            case.kind, spec.name, case.shape, seed=case.seed, dtype=case.dtype, **case.parameters
        )
        w = kernel_of(forward, case.shape, case.groups).astype(np.float32)
        # What a fast convolution leaves beside exact zeros is rounding, not weight.
        w[abs(w) < 4 * eps("float32") * abs(w).max(initial=0.0)] = 0.0
        if "transpose" in str(case.kind):
            w = _flipped(w)
        failure = violation(spec, w, case, call)
        # Initializers without groups know of no layout: they fill the framework's own order.
        if failure or not (backend.portable and spec.grouped):
            return failure
        ours = numbers(reference(spec, case))
        x = np.random.default_rng(0).normal(
            size=(2, case.groups * case.shape[1], *(k + 2 for k in case.shape[2:]))
        )
        x = x.astype(np.float32)
        y = np.asarray(forward(x)).astype(np.float64)
        if "transpose" in str(case.kind):
            ours = _flipped(ours)
        wanted = apply(ours, x, case.groups)
        # Rounding of a sum of fan_in products, and 2e-5 for what the kernels may differ by.
        allowed = 2e-5 * apply(abs(ours), abs(x), case.groups).max() + 1e-12
        if y.shape != wanted.shape:
            return Failure(f"output shape {y.shape}", f"{wanted.shape}", "", call)
        off = float(abs(y - wanted).max())
        if not off <= allowed:
            return Failure(
                f"an output of the {case.kind} layer is {off:.3g} off",
                f"the canonical kernel of seed {case.seed}, applied", f"{allowed:.3g}", call,
            )  # fmt: skip
        return None

    @staticmethod
    def _kinds(backend: Any, spec: Spec) -> list[str]:
        """Layers whose kernels the spec takes; only grouped ones know of transposed layouts."""
        high = spec.shape.high or 5
        found = []
        for kind in backend.layers:
            axes = 2 if kind == "dense" else 2 + int(kind[-2])
            plain = kind == "dense" or (kind.startswith("conv") and "transpose" not in kind)
            if spec.shape.low <= axes <= high and (plain or spec.grouped):
                found.append(kind)
        return found


def _flipped(w: Any) -> Any:
    """`w` with its spatial axes turned round, as a transposed convolution applies it."""
    return np.flip(w, axis=tuple(range(2, w.ndim)))
