"""The recorder of this thread, if it traces a model."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras

__all__ = ["active", "call", "recording", "traced", "unhooked"]

_here = threading.local()


def traced() -> bool:
    """Whether this thread traces a model."""
    return getattr(_here, "recorder", None) is not None


def active() -> Any:
    """The recorder of this thread; raises where there is none."""
    if not traced():
        raise TypeError("a value of a traced model is of use while it is traced only")
    return _here.recorder


def call(name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What the recorder of this thread makes of a call of a function of the backend."""
    return _here.dispatch(active(), name, function, args, kwargs)


@contextlib.contextmanager
def recording(recorder: Any, dispatch: Callable[..., Any]) -> Iterator[None]:
    """A context in which this thread traces a model."""
    _here.recorder, _here.dispatch = recorder, dispatch
    try:
        yield
    finally:
        _here.recorder = None


@contextlib.contextmanager
def unhooked() -> Iterator[None]:
    """A context in which Keras computes as always, with the weights' real values."""
    recorder, _here.recorder = getattr(_here, "recorder", None), None
    try:
        with keras.StatelessScope(collect_losses=True):
            yield
    finally:
        _here.recorder = recorder
