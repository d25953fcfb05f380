"""The networks through an adapter's `initialize`, and how their signals fare after it."""

import importlib
from typing import Any

import numpy as np

__all__ = ["initialized", "largest_changes"]


def initialized(framework: str, model: Any, sample: Any) -> tuple[Any, Any]:
    """The model with new weights, as `signal_report` takes it, and the report."""
    adapter = importlib.import_module(f"initcore_{framework}")
    made = adapter.initialize(model, "orthogonal", sample_input=sample)
    if not isinstance(made, tuple):
        return model, made
    new, report = made
    if isinstance(model, tuple):
        return (model[0], new), report
    return ((model.apply, new) if hasattr(model, "apply") else new), report


def largest_changes(framework: str, model: Any, report: Any, sample: Any) -> list[float | None]:
    """The largest change of the signal and of the gradient; None where there is none."""
    from initcore.diagnostics._judgement import changes

    signals = report.signals
    if framework != "torch":
        adapter = importlib.import_module(f"initcore_{framework}")
        inputs = _data(framework, model.input if sample is None else sample)
        signals = adapter.signal_report(model, inputs)
    found = []
    for what in ("signal", "gradient"):
        known = [] if isinstance(signals, str) else changes([*signals.values()], what)
        ratios = [max(c.ratio, 1 / c.ratio) for c in known]
        found.append(max(ratios) if ratios else None)
    return found


def _data(framework: str, sample: Any) -> Any:
    """Normal numbers of the sample's shapes, ones in place of integers."""
    rng = np.random.default_rng(0)

    def array(x: Any) -> Any:
        whole = any(name in str(x.dtype) for name in ("int", "bool"))
        shape = [n or (8 if axis else 2) for axis, n in enumerate(x.shape)]
        return np.ones(shape, str(x.dtype)) if whole else rng.normal(size=shape).astype("float32")

    if framework == "keras":
        import keras

        return keras.tree.map_structure(array, sample)
    import jax

    return jax.tree.map(array, sample)
