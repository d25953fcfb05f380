"""The framework's real layers: a kernel in the wrong layout looks right until it is used."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import eps

from .._backend import is_portable, layers
from .._case import Case, Failure, reference
from .._strategies import layer_cases
from ._check import Check, numbers, violation
from ._naive_convolution import apply, kernel_of

__all__ = ["Layers"]


class Layers(Check, id_="layers", title="layers", examples=4):
    """The framework's own layers, initialised, compute what the specification promises."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        if not layers(backend):
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
        failure = self._is_the_map_of(forward, w, case, call)
        if failure:
            return failure
        if "transpose" in str(case.kind):  # it applies its kernel turned round
            w = np.flip(w, axis=tuple(range(2, w.ndim)))
        failure = violation(spec, w, case, call)
        # Initializers without groups know of no layout: they fill the framework's own order.
        if failure or not (is_portable(backend) and spec.grouped):
            return failure
        ours = numbers(reference(spec, case))
        off, allowed = float(abs(w - ours).max()), 2e-5 * float(abs(ours).max()) + 1e-12
        if not off <= allowed:
            return Failure(
                f"a weight that the {case.kind} layer applies is {off:.3g} off",
                f"the canonical kernel of seed {case.seed}", f"{allowed:.3g}", call,
            )  # fmt: skip
        return None

    @staticmethod
    def _is_the_map_of(forward: Any, w: Any, case: Case, call: str) -> Failure | None:
        """The layer is the convolution with the kernel read off it: groups keep to themselves."""
        x = np.random.default_rng(0).normal(
            size=(2, case.groups * case.shape[1], *(k + 2 for k in case.shape[2:]))
        )
        x = x.astype(np.float32)
        y, wanted = np.asarray(forward(x)).astype(np.float64), apply(w, x, case.groups)
        if y.shape != wanted.shape:
            return Failure(f"output shape {y.shape}", f"{wanted.shape}", "", call)
        off = float(abs(y - wanted).max())
        terms = math.prod(case.shape[1:])
        allowed = eps("float32") * (16 + terms) * float(apply(abs(w), abs(x), case.groups).max())
        if not off <= allowed + 1e-30:
            return Failure(
                f"an output of the {case.kind} layer is {off:.3g} off",
                "each group of outputs is its own inputs times its own kernel",
                f"{allowed:.3g}", call,
            )  # fmt: skip
        return None

    @staticmethod
    def _kinds(backend: Any, spec: Spec) -> list[str]:
        """Layers whose kernels the spec takes; only grouped ones know of transposed layouts."""
        high = spec.shape.high or 5
        found = []
        for kind in layers(backend):
            axes = 2 if kind == "dense" else 2 + int(kind[-2])
            plain = kind == "dense" or (kind.startswith("conv") and "transpose" not in kind)
            if spec.shape.low <= axes <= high and (plain or spec.grouped):
                found.append(kind)
        return found
