"""The exact distribution of a finite network's squared norm, beside samples and the mean field."""

import math
from typing import Any

import numpy as np

from ..theory import NormLaw
from ._style import BLUE, GREY, ORANGE, blank

__all__ = ["norm_law"]


def norm_law(law: NormLaw, *, samples: int = 20000, seed: int = 0) -> Any:
    """A matplotlib figure: the density of `log10 |x|**2` on a histogram of exact samples.

    Args:
        law: A result of `initcore.theory.relu_norm_law` or `mirrored_norm_law`.
        samples: The number of samples; 0 leaves the histogram out.
        seed: The seed of the samples.
    """
    figure, axes = blank(7.2, 4.0)
    title = f"ReLU network, {_text(law.widths)}"
    dead = law.atom_at_zero
    if dead > 1 - 1e-12:
        axes.set(title=f"{title}: no signal", xlabel="log10 of the squared norm")
        return figure
    ranks = dead + (1 - dead) * np.array([1e-4, 1 - 1e-4])
    low, high = law.quantile(ranks, log=True)
    x = np.linspace(low, high, 400)
    ten = math.log(10)
    if samples:
        drawn = law.sample(samples, seed, log=True)
        bins = np.linspace(low, high, 61)
        weights = np.full(samples, ten / (samples * (bins[1] - bins[0])))
        axes.hist(drawn / ten, bins / ten, weights=weights, color=BLUE, alpha=0.5,
                  label=f"{samples} random networks")  # fmt: skip
    axes.plot(x / ten, law.pdf(x, log=True) * ten, color=ORANGE, lw=2, label="exact distribution")
    if law.mean > 0 and math.isfinite(law.mean):
        axes.axvline(math.log10(law.mean), color=GREY, ls="--", lw=1.4,
                     label="mean = infinite width")  # fmt: skip
    axes.set(xlabel="log10 of the squared norm", ylabel="density", title=title, ylim=(0, None))
    if dead > 1e-6:
        axes.annotate(f"dead: {dead:.3g}", (0.02, 0.95), xycoords="axes fraction", va="top")
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    return figure


def _text(widths: tuple[int, ...]) -> str:
    """`50 layers of 100`, or the widths themselves."""
    if len(set(widths)) == 1:
        return f"{len(widths)} layer{'s' * (len(widths) > 1)} of {widths[0]} units"
    shown = ", ".join(map(str, widths[:8]))
    return f"widths {shown}{', ...' if len(widths) > 8 else ''}"
