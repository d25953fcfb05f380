"""A Keras model as the core sees it."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np

from initcore.arguments import for_model
from initcore.arrays import REAL
from initcore.diagnostics import too_many
from initcore.networks import (
    Assignment,
    Graph,
    Linearized,
    Recording,
    Report,
    calling,
    draw_with,
)

from .._draw import on_backend
from ._derivatives import array, gradients, linearized
from ._inputs import drawn
from ._taps import cells_of, kernel_of, settled, tapped, unrolled
from ._trace import arguments, call_of, trace, variables_of

__all__ = ["KerasModel"]

MANY_STEPS = 24  # of recurrences, each of which JAX differentiates alone


class KerasModel:
    """`initcore.networks.TracedModel` of a Keras model or layer and what it is called with."""

    def __init__(self, who: str, model: Any, sample: Any) -> None:
        if not isinstance(model, keras.Layer):
            raise TypeError(
                f"{who} needs a Keras model or layer, got {type(model).__name__}"
                + for_model(model, "initcore_keras")
            )
        self.name = model.name
        self._who, self._model, self._sample = who, model, sample

    @cached_property
    def graph(self) -> Graph:
        return trace(self._model, self._sample, self._who)

    @cached_property
    def _weights(self) -> dict[str, Any]:
        return variables_of(self._model)

    @property
    def quantized(self) -> Sequence[str]:
        return [layer.path for layer in self._model._flatten_layers()
                if getattr(layer, "quantization_mode", None)]  # fmt: skip

    def check_weight(self, path: str) -> None:
        dtype = _dtype(self._weights[path])
        if dtype not in REAL:
            raise TypeError(
                f"{self._who}: {path} needs a real floating dtype, got {dtype}; leave it alone by "
                "overrides."
            )

    def write(self, assignment: Assignment, key: tuple[int, int]) -> None:
        variable = self._weights[assignment.weight.path]
        shape = assignment.weight.parameter.shape
        variable.assign(
            on_backend(lambda rng: draw_with(rng, assignment), key, shape, _dtype(variable))
        )

    def scale(self, path: str, factor: float) -> None:
        self._weights[path].assign(self._weights[path] * factor)

    @contextlib.contextmanager
    def restored_on_error(self, paths: Sequence[str]) -> Iterator[None]:
        before = {p: np.array(keras.ops.convert_to_numpy(self._weights[p])) for p in paths}
        try:
            yield
        except BaseException:
            for path, values in before.items():
                self._weights[path].assign(values)
            raise

    @property
    def unwritten(self) -> Sequence[str]:
        """The weights without memory, which a plan can only be made for."""
        return [p for p, v in self._weights.items() if v.shape and _is_meta(v)]

    def finish(self, report: Report) -> Report:
        kept = [(path, self._weights[path]) for path in report.untouched]
        states = [(v.path, v) for v in self._model.non_trainable_variables]
        report.not_finite = tuple(dict.fromkeys(
            name for name, v in [*kept, *states]
            if _is_float(v) and not _is_meta(v) and not bool(keras.ops.all(keras.ops.isfinite(v)))
        ))  # fmt: skip
        return report

    def values(self, path: str) -> Any:
        return array(self._weights[path])

    def bias(self, path: str) -> Any:
        kernel = self._weights[path]
        for layer in self._model._flatten_layers():
            if kernel_of(layer) is kernel:
                bias = getattr(layer, "bias", None)
                return None if bias is None else array(bias)
        return None

    @property
    def has_data(self) -> bool:
        given = keras.tree.flatten(self._sample)
        return self._sample is not None and not any(isinstance(x, keras.KerasTensor) for x in given)

    @cached_property
    def _arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """What the model is called with; floating-point arrays in Keras's precision."""

        def tensor(x: Any) -> Any:
            if not _is_array(x):
                return x
            dtype = keras.config.floatx() if _is_float(x) else None
            return keras.ops.convert_to_tensor(x, dtype=dtype)

        args, kwargs = call_of(self._sample)
        given: Any = list(args), dict(kwargs)
        if self._who == "initialize":  # the sample may be of zeros: it was asked for its shape
            given = arguments(self._model, None) if self._sample is None else given
            given = drawn(given, self.graph)
        tensors: tuple[list[Any], dict[str, Any]] = keras.tree.map_structure(tensor, given)
        return tensors

    @property
    def _arrays(self) -> list[Any]:
        return [x for x in keras.tree.flatten(self._arguments) if _is_array(x)]

    @property
    def float_inputs(self) -> Sequence[bool]:
        return [_is_float(x) for x in self._arrays]

    def run_scaled(self, paths: Collection[str], factor: Callable[[str, float], float]) -> None:
        names = {id(self._weights[path]): path for path in paths}
        raised: list[ValueError] = []  # Keras wraps what is raised in a call into its own words

        def tap(layer: Any, made: Any) -> Any:
            path = names.get(id(kernel_of(layer)))
            if path is None:
                return None
            values = np.asarray(keras.ops.convert_to_numpy(made), np.float64)
            try:
                by = factor(path, float(values.var()) if values.size else math.nan)
            except ValueError as error:
                raised.append(error)
                raise
            bias = getattr(layer, "bias", None)
            if bias is None:
                return made * by
            b = keras.ops.cast(_beside(layer, bias, len(made.shape)), made.dtype)
            return (made - b) * by + b

        args, kwargs = call_of(self._sample)
        try:
            with tapped(tap), _stateless():
                self._model(*args, **kwargs)
        except Exception:
            if raised:
                raise raised[0] from None
            raise

    @property
    def too_dear(self) -> str:
        """Why the model is not run after it was initialized; empty if it can be."""
        if self.unwritten:
            return "its weights are not all here"
        if keras.distribution.distribution() is not None:
            return "its weights are spread over devices"
        steps = _steps(self._model) if keras.backend.backend() == "jax" else 0
        if steps > MANY_STEPS:
            return f"{steps} steps of recurrences are many for a look on JAX"
        return too_many(sum(math.prod(v.shape) for v in self._weights.values()))

    def recorded(self, coefficients: Callable[[Sequence[int]], Any]) -> Recording:
        paths = {id(v): path for path, v in self._weights.items()}
        arguments = self._arguments  # made outside of what JAX traces
        cells = cells_of(self._model)
        inside = {id(layer) for cell in cells for layer in cell._flatten_layers()}

        def run(name: Callable[[Any, Any], Any], values: Sequence[Any] = ()) -> Any:
            steps: Counter[str] = Counter()

            def tap(layer: Any, made: Any) -> Any:
                path = paths.get(id(kernel_of(layer)))
                if path is None:
                    return None
                steps[path] += id(layer) in inside  # others are what they are at their first call
                return name((path, steps[path]), made)

            with unrolled(self._model), tapped(tap, cells=cells):
                return self._output(arguments, values)

        with settled(self._model):
            both = gradients(run, coefficients, self._model.variables)
        signals, slopes = map(_by_path, both)
        entering = next((x for x in self._arrays if _is_float(x)), None)
        return Recording(
            signals,
            slopes,
            None if entering is None else array(entering),
        )

    @contextlib.contextmanager
    def linearized(self, at: int | None) -> Iterator[Linearized | None]:
        found = self._by_look_up() if at is None else self._by_input(at)
        yield None if found is None else linearized(*found, self._who)

    def _by_input(self, at: int) -> tuple[Callable[[Any], Any], Any]:
        first = self._arrays[at]

        def function(x: Any) -> Any:
            return self._output(
                keras.tree.map_structure(lambda t: x if t is first else t, self._arguments)
            )

        return function, first

    def _by_look_up(self) -> tuple[Callable[[Any], Any], Any] | None:
        looked_up: list[Any] = []

        def run(x: Any) -> Any:
            seen: list[Any] = []

            def tap(layer: Any, made: Any) -> Any:
                seen.append(made)
                return x if len(seen) == 1 and x is not None else made

            with tapped(tap, (keras.layers.Embedding,)):
                y = self._output(self._arguments)
            looked_up.extend(seen)
            return y

        run(None)
        return (run, looked_up[0]) if looked_up else None

    def _output(
        self, arguments: tuple[list[Any], dict[str, Any]], values: Sequence[Any] = ()
    ) -> Any:
        args, kwargs = arguments
        with (
            calling(self._who, self.name),
            _stateless(zip(self._model.variables if values else (), values, strict=True)),
        ):
            made = self._model(*args, **kwargs)
        for y in keras.tree.flatten(made):
            if _is_array(y) and _is_float(y):
                return y
        raise TypeError(
            f"{self._who} needs a model with a floating-point output, got {type(made).__name__}."
        )


def _by_path(found: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    """Arrays by path; the steps of a recurrence along the second axis."""
    steps: dict[str, list[Any]] = {}
    for (path, _), x in found.items():
        steps.setdefault(path, []).append(array(x))
    return {path: x[0] if len(x) == 1 else np.stack(x, 1) for path, x in steps.items()}


def _stateless(values: Iterable[tuple[Any, Any]] = ()) -> Any:
    """A context in which whatever a call assigns to variables or losses is forgotten after it.

    Those among the `values` have these for its time.
    """
    return keras.StatelessScope(state_mapping=list(values), collect_losses=True)


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype")


def _dtype(x: Any) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))


def _is_meta(variable: Any) -> bool:
    """Whether it is one of PyTorch's tensors without values."""
    return getattr(getattr(variable.value, "device", None), "type", "") == "meta"


def _is_float(x: Any) -> bool:
    return "float" in _dtype(x)


def _beside(layer: Any, bias: Any, ndim: int) -> Any:
    """The bias along the axis of the output that the layer adds it to."""
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        return keras.ops.reshape(bias, (1, -1) + (1,) * (ndim - 2))
    return keras.ops.convert_to_tensor(bias)


def _steps(model: Any) -> int:
    """Steps of all recurrent layers whose inputs are known, which a look unrolls."""
    found = 0
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.RNN):
            with contextlib.suppress(AttributeError, IndexError, TypeError, ValueError):
                found += int(layer.input.shape[1])
    return found
