"""The phase diagram of a deep network."""

from typing import Any

import numpy as np

from .. import theory
from ..activations import activation_of
from ..theory._check import Phi
from ._style import BLUE, GREY, ORANGE, blank

__all__ = ["phase_diagram"]


def phase_diagram(activation: Phi, point: tuple[float, float] | None = None) -> Any:
    """A matplotlib figure: the critical line in the plane of `sigma_w` and `sigma_b`.

    On its left a deep network is ordered (gradients vanish, inputs become alike), on its right
    chaotic (gradients explode, inputs part).

    Args:
        activation: A name or an elementwise callable on arrays.
        point: A pair `(sigma_w, sigma_b)` to mark.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
        ValueError: The activation has no critical points.
    """
    name = activation_of(activation).name
    figure, axes = blank(6.4, 4.4)
    line = theory.critical_line(activation)
    w, b, q = (np.atleast_1d(a) for a in (line.sigma_w, line.sigma_b, line.q))
    seen = np.isfinite(w) & np.isfinite(b) & (q <= 3.0)
    w, b, q = w[seen], b[seen], q[seen]
    high_w = max(float(w.max()) * 1.15, 1.2 * (point[0] if point else 0), 1.5)
    high_b = max(float(b.max()), 1.2 * (point[1] if point else 0), 0.2)
    if len(w) > 1:
        axes.plot(w, b, color=BLUE, lw=2.2, label="critical: mean squared slope 1")
        axes.fill_betweenx(b, 0, w, color=BLUE, alpha=0.10, lw=0)
        axes.fill_betweenx(b, w, high_w, color=ORANGE, alpha=0.10, lw=0)
        for wanted in (0.1, 0.5, 1.0, 2.0):
            if q.min() <= wanted <= q.max():
                at = theory.critical_point(activation, wanted)
                axes.plot(at.sigma_w, at.sigma_b, "o", color=BLUE, ms=4)
                axes.annotate(f"q = {wanted:g}", (at.sigma_w, at.sigma_b), xytext=(7, -3),
                              textcoords="offset points", color=BLUE, fontsize=9)  # fmt: skip
    else:  # homogeneous activations are critical without biases only
        axes.plot(w, b, "o", color=BLUE, ms=8, label="critical")
    axes.text(0.03, 0.93, "ordered", transform=axes.transAxes, color=GREY, fontsize=12)
    axes.text(0.97, 0.06, "chaotic", transform=axes.transAxes, color=GREY, fontsize=12, ha="right")
    if point is not None:
        axes.plot(*point, "*", color=ORANGE, ms=14, label=f"({point[0]:g}, {point[1]:g})")
    axes.set(
        xlabel="standard deviation of weights times root of fan-in: sigma_w",
        ylabel="standard deviation of biases: sigma_b",
        title=name, xlim=(0, high_w), ylim=(0, high_b),
    )  # fmt: skip
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(0.0, 0.72))
    return figure
