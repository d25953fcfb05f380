"""The functions of Keras's backend, handed to a recorder while a model is called.

All that `keras.ops`, layers and models compute ends in the functions of the backend's modules, the
same ones on every backend. For a while each of them is replaced by one that gives a call to the
recorder of this thread if one of its arguments is a `Value` or a weight of the model, and does what
it always does if not. So the model's own code runs as it does on arrays, whatever the backend, and
nothing of it is computed.
"""

import contextlib
import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import keras

from ._active import active, call, recording, traced
from ._value import Value

__all__ = ["PATCHING", "hooked"]

MODULES = ("core", "image", "linalg", "math", "nn", "numpy", "random", "rnn")
UNTOUCHED = ("compute_output_spec", "device_scope", "result_type", "random_seed_dtype")
CONTROL = ("associative_scan", "bidirectional_gru", "bidirectional_lstm", "cond", "custom_gradient",
           "fori_loop", "gru", "lstm", "map", "remat", "rnn", "scan", "switch", "vectorized_map",
           "while_loop")  # fmt: skip
"""What takes functions, which may hold values that are not among the arguments."""
SPELLED_OUT = ("_layer_normalization", "_rms_normalization")
"""Functions of `keras.ops` that call PyTorch itself."""
# Held by whoever has replaced methods of Keras: a second thread would put the wrong ones back.
PATCHING = threading.RLock()


@contextlib.contextmanager
def hooked(recorder: Any, dispatch: Callable[..., Any], methods: Any) -> Iterator[None]:
    """Hand what this thread computes to a recorder for a while.

    Args:
        recorder: What knows the weights of the model.
        dispatch: Is called with it, a function's name, the function and its arguments.
        methods: Classes, names of methods, and what takes their place.
    """
    with PATCHING, contextlib.ExitStack() as undo:
        for module, name, new in _replacements():
            undo.callback(setattr, module, name, vars(module)[name])
            setattr(module, name, new)
        for kind, name, new in methods:
            undo.callback(_put_back, kind, name, vars(kind).get(name))
            setattr(kind, name, new)
        with recording(recorder, dispatch):
            yield


def _put_back(kind: Any, name: str, own: Any) -> None:
    if own is None:
        delattr(kind, name)
    else:
        setattr(kind, name, own)


def _replacements() -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """Modules, the names of functions there, and what takes their place."""
    packages: list[types.ModuleType] = [sys.modules["keras.src.backend"],
                sys.modules[f"keras.src.backend.{keras.backend.backend()}"]]  # fmt: skip
    made: dict[int, Callable[..., Any]] = {}
    for name in MODULES:
        module = sys.modules.get(f"{packages[1].__name__}.{name}")
        if module is None:
            continue
        for key, function in list(vars(module).items()):
            own = getattr(function, "__module__", None) == module.__name__
            if own and _is_function(function) and key[0] != "_" and key not in UNTOUCHED:
                made.setdefault(id(function), _handed_on(key, function))
                yield module, key, made[id(function)]
    for package in packages:
        for key, function in list(vars(package).items()):
            if id(function) in made:
                yield package, key, made[id(function)]
    spelled_out = sys.modules["keras.src.ops.nn"]
    for key in SPELLED_OUT:
        if key in vars(spelled_out):
            yield spelled_out, key, _handed_on(key, vars(spelled_out)[key])


def _is_function(x: Any) -> bool:
    return isinstance(x, types.FunctionType) or (callable(x) and hasattr(x, "__wrapped__"))


def _handed_on(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, unless the recorder of this thread is to have the call."""
    always = name in CONTROL

    @functools.wraps(function)
    def handed_on(*args: Any, **kwargs: Any) -> Any:
        if not traced():
            return function(*args, **kwargs)
        recorder = active()
        if always or any(isinstance(x, Value) or recorder.path(x) is not None
                         for x in keras.tree.flatten((args, kwargs))):  # fmt: skip
            return call(name, function, args, kwargs)
        return function(*args, **kwargs)

    return handed_on
