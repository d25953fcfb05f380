"""Mirrored kernels, and which activations they make linear."""

import math
from typing import Any

import numpy as np

BASES = (
    "orthogonal", "scaled_orthogonal", "delta_orthogonal", "conv_orthogonal", "identity", "idinit",
    "hadamard", "normal", "variance_scaling", "lecun_normal", "lecun_uniform", "glorot_normal",
    "glorot_uniform", "he_normal", "he_uniform",
)  # fmt: skip
# c of phi(u) - phi(-u) = c u; a leaky ReLU's has its slope on top.
SLOPES = {
    "relu": 1.0, "leaky_relu": 1.0, "gelu": 1.0, "gelu_tanh": 1.0, "quick_gelu": 1.0, "silu": 1.0,
    "hard_silu": 1.0, "softplus": 1.0, "squareplus": 1.0, "sparse_plus": 1.0, "log_sigmoid": 1.0,
    "identity": 2.0,
}  # fmt: skip


def slope(activation: Any, negative_slope: float) -> float:
    """`c`, of a callable by trying it at a few places."""
    if isinstance(activation, str):
        return SLOPES[activation] + (negative_slope if activation == "leaky_relu" else 0.0)
    u = np.linspace(0.1, 20, 50)
    c = (np.asarray(activation(u)) - np.asarray(activation(-u))) / u
    if not (np.isfinite(c).all() and np.ptp(c) < 1e-4 * abs(c[0])):
        raise ValueError("the activation's odd part is not linear.")
    return float(c[0])


class Mirrored:
    """Kernels `[[W0, -W0], [-W0, W0]]`, or a row or column of that."""

    def mirrored(self, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        groups, part, gain = p["groups"], p["part"], p["gain"]
        outs, ins = (1 if part == "last" else 2), (1 if part == "first" else 2)
        half = (shape[0] // outs, shape[1] // ins, *shape[2:])
        if part != "first":  # behind an activation
            gain = gain / slope(p["activation"], p["negative_slope"])
        w0 = self.half(p["base"], half, gain, groups, rng)
        w0 = w0.reshape(groups, shape[0] // groups // outs, *half[1:])
        signs = np.array([[1.0, -1.0], [-1.0, 1.0]])[:outs, :ins]
        rows = [np.concatenate([sign * w0 for sign in row], axis=2) for row in signs]
        return np.concatenate(rows, axis=1).reshape(shape)

    def half(self, base: str, shape: tuple[int, ...], gain: float, groups: int, rng: Any) -> Any:
        """The block `W0 / c`: a kernel of the base, its gain in the base's own sense."""
        if base == "normal":
            return gain / math.sqrt(math.prod(shape[1:])) * rng.standard_normal(shape)
        p = {**self.defaults(base), "groups": groups}
        if "gain" in p:
            return self.draw(base, shape, {**p, "gain": gain}, rng)
        return gain * self.draw(base, shape, p, rng)

    def defaults(self, name: str) -> dict[str, Any]:
        raise NotImplementedError

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        raise NotImplementedError
