"""The networks through an adapter's `initialize`, and how their signals fare after it."""

import importlib
from typing import Any

__all__ = ["initialized", "largest_changes"]


def initialized(framework: str, model: Any, sample: Any) -> Any:
    """The report."""
    adapter = importlib.import_module(f"initcore_{framework}")
    made = adapter.initialize(model, "orthogonal", sample_input=sample)
    return made[1] if isinstance(made, tuple) else made


def largest_changes(report: Any) -> list[float | None]:
    """The largest change of the signal and of the gradient among layers of one role and size."""
    from initcore.diagnostics._judgement import ACROSS, changes

    found = []
    for what in ("signal", "gradient"):
        layers = [] if isinstance(report.signals, str) else [*report.signals.values()]
        ratios = [max(c.ratio, 1 / c.ratio) for c in changes(layers, what) if c.allowed < ACROSS]
        found.append(max(ratios) if ratios else None)
    return found
