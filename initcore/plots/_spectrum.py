"""The spectrum of a deep network's Jacobian beside sampled networks."""

import math
from typing import Any

import numpy as np

from .. import Rng, orthogonal, theory
from ..activations import activation_of
from ..theory._check import Phi
from ._style import BLUE, ORANGE, blank

__all__ = ["sampled_values", "spectrum"]


def sampled_values(
    activation: Phi, depth: int, *, q: float, weights: str, width: int = 400, seed: int = 0
) -> Any:
    """Singular values of one sampled Jacobian, sorted: Haar or Gaussian weights, slopes at
    independent normal pre-activations of mean square `q`, normalised as in the theory.
    """
    phi, rng = activation_of(activation), Rng(seed, dtype="float64")
    sigma_w = theory.susceptibility(activation, q, 1.0) ** -0.5
    jacobian = np.eye(width)
    for layer in range(depth):
        noise, kernel = rng.fold_in(layer).split(2)
        h = math.sqrt(q) * noise.normal((width,))
        if weights == "orthogonal":
            w = orthogonal(kernel, (width, width))
        else:
            w = kernel.normal((width, width)) / math.sqrt(width)
        jacobian = sigma_w * phi.derivative(h)[:, None] * (w @ jacobian)
    return np.sort(np.linalg.svd(jacobian, compute_uv=False))


def spectrum(
    activation: Phi, depth: int, *, q: float | None = None, weights: str = "orthogonal",
    width: int = 400,
) -> Any:  # fmt: skip
    """A matplotlib figure: the predicted density of singular values on a sampled histogram.

    Args:
        activation, depth, q, weights: As of `initcore.theory.jacobian_spectrum`.
        width: Units a layer of the sampled network; 0 leaves it out.
    """
    found = theory.jacobian_spectrum(activation, depth, q=q, weights=weights)
    name = activation_of(activation).name
    figure, axes = blank(7.2, 4.0)
    high = math.sqrt(float(found.quantile(0.999)) or 1.0) * 1.08
    if width:
        values = sampled_values(activation, depth, q=q or 1.0, weights=weights, width=width)
        bins = np.linspace(0.0, high, 51)
        axes.hist(values, bins, weights=np.full(values.size, 1 / (values.size * bins[1])),
                  color=BLUE, alpha=0.5, label=f"one network, {width} units a layer")  # fmt: skip
    # Towards the edges the density falls like a root: points crowd there.
    x = high * (1 - np.cos(np.linspace(0, math.pi, 801)[1:-1])) / 2
    density = found.singular_density(x)
    # A density that diverges at 0 would hide the rest.
    top = float(density[x > 0.06 * high].max()) * 1.35 or 1.0
    axes.plot(x, density, color=ORANGE, lw=2, label="theory: infinite width")
    for place, mass in found.atoms:
        s = math.sqrt(place)
        if s <= high:
            axes.axvline(s, color=ORANGE, ls=":", lw=1.6)
            axes.annotate(f"{mass:.3g} of all", (s, top), ha="left", va="top", xytext=(5, -4),
                          textcoords="offset points", color=ORANGE,
                          bbox={"facecolor": "white", "alpha": 0.8, "lw": 0})  # fmt: skip
    at = "" if q is None else f", q = {q:.3g}"
    axes.set(
        xlabel="singular value of the Jacobian", ylabel="density",
        title=f"{name}, {depth} layers, {weights} weights{at}", xlim=(0, high), ylim=(0, top),
    )  # fmt: skip
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure
