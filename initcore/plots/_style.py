"""How pictures look, and the one place that asks for matplotlib."""

from typing import Any

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "blank"]

# Okabe & Ito's colours, told apart by every eye.
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#777777"


def blank(width: float = 8.0, height: float = 3.6, columns: int = 1) -> tuple[Any, Any]:
    """An empty figure, sizes in inches, and its axes.

    Args:
        width, height: Size in inches.
        columns: Number of axes beside each other.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'pictures need matplotlib; install it with pip install "initcore[plot]"',
            name=error.name,
        ) from None
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns)
    for one in axes if columns > 1 else [axes]:
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes
