"""The outputs of the layers of a running model, before their activations."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import layers

from ._hooks import PATCHING

__all__ = ["TAPPED", "kernel_of", "tapped"]

TAPPED = (layers.Dense, layers.EinsumDense, layers.Conv1D, layers.Conv2D, layers.Conv3D,
          layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose,
          layers.DepthwiseConv1D, layers.DepthwiseConv2D, layers.SeparableConv1D,
          layers.SeparableConv2D)  # fmt: skip
Tap = Callable[[Any, Any], Any]


def kernel_of(layer: Any) -> Any:
    """The kernel that makes a layer's output."""
    for name in ("pointwise_kernel", "_kernel", "kernel"):
        found = getattr(layer, name, None)
        if isinstance(found, keras.Variable):
            return found
    return None


@contextlib.contextmanager
def tapped(tap: Tap, kinds: tuple[Any, ...] = TAPPED) -> Iterator[None]:
    """For a while give `tap(layer, output)` the output of each layer of `kinds`, before its
    activation; it may return another one."""
    with PATCHING:
        original, thread = keras.Layer.__call__, threading.get_ident()

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(self, kinds) or threading.get_ident() != thread:
                return original(self, *args, **kwargs)
            activation = getattr(self, "activation", None)
            if activation is not None:
                self.activation = keras.activations.linear
            try:
                made = original(self, *args, **kwargs)
            finally:
                if activation is not None:
                    self.activation = activation
            other = tap(self, made)
            made = made if other is None else other
            return made if activation is None else activation(made)

        keras.Layer.__call__ = call
        try:
            yield
        finally:
            keras.Layer.__call__ = original
