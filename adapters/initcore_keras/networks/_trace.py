"""The graph of a Keras model: its weights by path, and a call of it on symbolic tensors."""

import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import Any

import keras

from initcore.networks import Graph, Parameter, calling

from ._black_box import owned
from ._dispatch import dispatch
from ._hooks import hooked
from ._layers import parameter, replaced_methods
from ._recorder import NotBuiltError, Recorder
from ._unchanged import unchanged

__all__ = ["arguments", "call_of", "trace", "variables_of"]

PIXELS = 64  # of axes that a model leaves open
TOKENS = 8


def variables_of(model: Any) -> dict[str, Any]:
    """The weights of a model that training changes, by their path inside of it; a path that comes
    again is numbered.

    Running statistics and the states of seeds are none of them.
    """
    found: dict[str, Any] = {}
    seen = set()
    for layer in [model, *model._flatten_layers(include_self=False)]:
        for v in owned(layer):
            if id(v) in seen:
                continue
            seen.add(id(v))
            plain = path = v.path.removeprefix(f"{model.name}/")
            n = 2
            while path in found:
                path, n = f"{plain}:{n}", n + 1
            found[path] = v
    return found


def _keys_of(model: Any) -> dict[str, str]:
    """The names that keys are made from, by path.

    Layers whose names Keras made are counted anew, in the order of this model: Keras counts them
    over everything made before.
    """
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for layer in model._flatten_layers(include_self=False):
        base = _snake(type(layer).__name__)
        if re.fullmatch(rf"{base}(_\d+)?", layer.name) and layer.name not in names:
            n = counts[base] = counts.get(base, -1) + 1
            names[layer.name] = f"{base}_{n}" if n else base
    found = {}
    for path in variables_of(model):
        *scopes, last = path.split("/")
        if re.fullmatch(r"variable(_\d+)?", last):
            n = counts["variable"] = counts.get("variable", -1) + 1
            last = f"variable_{n}" if n else "variable"
        found[path] = "/".join([*(names.get(scope, scope) for scope in scopes), last])
    return found


def _snake(name: str) -> str:
    """`Conv2DTranspose` -> `conv2d_transpose`, as Keras names layers."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def call_of(sample: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`sample` as the arguments of a call: a tensor, nested ones as the model takes them, or
    `((...), {...})`."""
    if (
        isinstance(sample, tuple) and len(sample) == 2
        and isinstance(sample[0], tuple) and isinstance(sample[1], dict)
    ):  # fmt: skip
        return sample
    return (sample,), {}


def trace(model: Any, sample: Any = None, who: str = "initialize") -> Graph:
    """The graph of a model in inference mode, which stays as it is.

    Args:
        model: Built, or `sample` is there to build it.
        sample: What it is called with: tensors, arrays or `keras.KerasTensor`s; by default its own
            symbolic inputs.

    Raises:
        ValueError: It has no weights yet and no sample, or does not take the sample.
    """
    if sample is not None and not model.built:
        _run(model, sample, who)
    try:
        return _traced(model, sample, who)
    except NotBuiltError:  # a model that says it is built and has layers that are not
        if sample is None:
            raise
    _run(model, sample, who)
    return _traced(model, sample, who)


def _run(model: Any, sample: Any, who: str) -> None:
    args, kwargs = call_of(sample)
    with calling(who, model.name):
        model(*args, **kwargs)


def _traced(model: Any, sample: Any, who: str) -> Graph:
    variables, keys = variables_of(model), _keys_of(model)
    if not model.built or not (variables or all(x.built for x in model._flatten_layers())):
        raise NotBuiltError(
            f"{who} needs a model that is built, with all its weights; call {model.name} once, or "
            "pass sample_input."
        )
    call = arguments(model, sample)
    recorder = Recorder(model, variables)
    if call is None and (half := _without_weights(model)) is not None:
        raise _not_built(who, half.name, model)
    if call is None:
        reason = "no input to call it with is known; pass sample_input"
        return Graph((), _parameters(model, recorder, keys), traced=False, note=reason)
    hooks = hooked(recorder, dispatch, replaced_methods())
    try:
        with unchanged(model), hooks, recorder.weights_replaced():
            made = _called(model, *_values(recorder, call))
    except NotBuiltError as error:
        raise _not_built(who, _cause(error), model) from None
    except Exception as error:
        reason = f"its call could not be traced: {_cause(error)}"
        return Graph((), _parameters(model, recorder, keys), traced=False, note=reason)
    return recorder.graph(_parameters(model, recorder, keys), made)


def _without_weights(model: Any) -> Any:
    """A layer that will have weights and has none yet."""
    plain = keras.Layer.build
    return next((x for x in model._flatten_layers() if not x.built and type(x).build is not plain),
                None)  # fmt: skip


def _not_built(who: str, layer: str, model: Any) -> NotBuiltError:
    return NotBuiltError(
        f"{who} needs a model with all its weights, and {layer} has none yet; call {model.name} "
        "once, or pass sample_input."
    )


def _cause(error: Exception) -> str:
    """What went wrong in a call, in one line and without Keras's words about it."""
    text = re.sub(r"\x1b\[\d*m", "", str(error)).strip()
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        del lines[0]
    return (lines or [type(error).__name__])[0][:160]


def _called(model: Any, args: Any, kwargs: Any) -> Any:
    if model._call_has_training_arg:
        kwargs = {**kwargs, "training": False}
    elif "training" in kwargs and "training" not in inspect.signature(model.call).parameters:
        kwargs = {k: v for k, v in kwargs.items() if k != "training"}
    return model(*args, **kwargs)


def _values(recorder: Recorder, call: Any) -> Any:
    """The arguments of a call with values in place of arrays."""

    def value(x: Any) -> Any:
        if not isinstance(x, keras.KerasTensor):
            return x
        return recorder.put("input", (), x.shape, x.dtype, "input")

    args, kwargs = keras.tree.map_structure(value, (list(call[0]), dict(call[1])))
    return args, kwargs


def _parameters(model: Any, recorder: Recorder, keys: Mapping[str, str]) -> list[Parameter]:
    owners = {id(v): layer for layer in model._flatten_layers() for v in owned(layer)}
    return [
        dataclasses.replace(
            parameter(path, v, owners.get(id(v)), recorder.told.get(path, {})), key=keys[path]
        )
        for path, v in recorder.variables.items()
    ]


def arguments(model: Any, sample: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Symbolic arguments without open axes."""

    def closed(x: Any) -> Any:
        if not hasattr(x, "shape") or not hasattr(x, "dtype"):
            return x
        whole = "int" in keras.backend.standardize_dtype(x.dtype)
        rest = TOKENS if whole or len(x.shape) < 4 else PIXELS
        shape = [2 if i == 0 and n is None else n or rest for i, n in enumerate(x.shape)]
        return keras.KerasTensor(tuple(shape), keras.backend.standardize_dtype(x.dtype))

    if sample is not None:
        given = call_of(sample)
    else:
        try:
            symbolic = model._inputs_struct if hasattr(model, "_inputs_struct") else model.inputs
        except (AttributeError, ValueError):
            symbolic = None
        if symbolic is None or symbolic == []:
            symbolic = _built_with(model)
        if symbolic is None:
            return None
        if isinstance(symbolic, list) and len(symbolic) == 1:
            symbolic = symbolic[0]
        given = (symbolic,), {}
    args, kwargs = keras.tree.map_structure(closed, (list(given[0]), dict(given[1])))
    return tuple(args), kwargs


def _built_with(model: Any) -> Any:
    """An input of the shape the model was built with."""
    shapes = getattr(model, "_build_shapes_dict", None)
    if not isinstance(shapes, Mapping) or len(shapes) != 1:
        return None
    (shape,) = shapes.values()
    if not isinstance(shape, (tuple, list)) or not all(
        n is None or isinstance(n, int) for n in shape
    ):
        return None
    return keras.KerasTensor(tuple(shape), model.compute_dtype)
