"""Pictures of measurements, by matplotlib where it is installed."""

from typing import Any

import numpy as np

from ..plots import BLUE, GREEN, ORANGE, blank
from ..reports import Curve, lines

__all__ = ["orthogonality_figure", "signal_chart", "signal_figure", "spectrum_figure"]


def signal_figure(report: Any) -> Any:
    """Mean squares of signal and gradient along the layers, and what is predicted."""
    figure, axes = blank()
    layers = list(report.values())
    x = np.arange(1, len(layers) + 1)
    curves = (
        ("signal", "signal", BLUE, "o-"),
        ("gradient", "gradient", ORANGE, "s-"),
        ("predicted", "signal, mean field", GREEN, "--"),
    )
    for name, label, colour, style in curves:
        values = [getattr(one, name) for one in layers]
        y = np.array([np.nan if v is None or v <= 0 else v for v in values], dtype=float)
        if np.isfinite(y).any():
            axes.semilogy(x, y, style, color=colour, label=label, ms=3.5, lw=1.4)
    axes.set(xlabel="layer", ylabel="mean square")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return figure


def signal_chart(report: Any) -> str:
    """The same for a page: layers of equal role and size are joined, others are not."""
    kinds: dict[Any, list[tuple[int, Any]]] = {}
    for place, one in enumerate(report.values(), 1):
        kinds.setdefault((one.role, one.size), []).append((place, one))
    plain = len({role for role, _ in kinds} - {"first", "hidden", "output"}) == 0
    if plain:
        kinds = {("", 0): [entry for entries in kinds.values() for entry in entries]}
        kinds[("", 0)].sort(key=lambda entry: entry[0])
    curves = []
    for name, label, colour in (("signal", "signal", 0), ("gradient", "gradient", 1),
                                ("predicted", "signal, mean field", 2)):  # fmt: skip
        for (role, _), entries in kinds.items():
            points = [(place, getattr(one, name)) for place, one in entries]
            about = f"{label}: {role}" if role else label
            curves.append(Curve(label, colour, points, name == "predicted", about))
    return lines(curves, "Mean square of signal and gradient by depth", "layer")


def spectrum_figure(measured: Any, theory: Any = None) -> Any:
    """A histogram of singular values, and the density that theory has for it."""
    figure, axes = blank()
    s = np.sqrt(measured.nodes.reshape(-1))
    weights = measured.weights.reshape(-1) / len(measured.weights)
    high = float(np.sqrt(measured.quantile(0.999))) * 1.05 or 1.0
    bins = np.linspace(0.0, high, 61 if measured.exact else 31)
    axes.hist(s, bins, weights=weights / np.diff(bins)[0], color=BLUE, alpha=0.55, label="measured")
    if theory is not None:
        x = np.linspace(bins[0], bins[-1], 400)[1:]
        axes.plot(x, theory.singular_density(x), color=ORANGE, lw=1.8, label="theory")
        for place, mass in theory.atoms:
            if place**0.5 <= high:
                axes.axvline(place**0.5, color=ORANGE, ls=":", lw=1.4)
                axes.annotate(f"{mass:.3g}", (place**0.5, axes.get_ylim()[1]), ha="left", va="top",
                              xytext=(4, -2), textcoords="offset points", color=ORANGE)  # fmt: skip
    axes.set(xlabel="singular value of the Jacobian", ylabel="density", xlim=(0, high))
    axes.legend(frameon=False)
    return figure


def orthogonality_figure(report: Any) -> Any:
    """From the smallest to the largest singular value of each layer, and the median."""
    figure, axes = blank()
    ends = np.array([(v.values[0], np.median(v.values), v.values[-1]) for v in report.values()])
    x = np.arange(1, len(ends) + 1)
    axes.vlines(x, ends[:, 0], ends[:, 2], color=BLUE, lw=3, alpha=0.5)
    axes.plot(x, ends[:, 1], "o", color=BLUE, ms=4, label="median; bars from least to largest")
    axes.set(xlabel="layer", ylabel="singular value", ylim=(0, None))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return figure
