"""The outputs of the layers of a running model, before their activations."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import layers

from ._hooks import PATCHING

__all__ = ["TAPPED", "cells_of", "kernel_of", "settled", "tapped", "unrolled"]

TAPPED = (layers.Dense, layers.EinsumDense, layers.Conv1D, layers.Conv2D, layers.Conv3D,
          layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose,
          layers.DepthwiseConv1D, layers.DepthwiseConv2D, layers.SeparableConv1D,
          layers.SeparableConv2D)  # fmt: skip
FEW = 16  # numbers a channel; all channels share their variance if there are fewer
Tap = Callable[[Any, Any], Any]


def kernel_of(layer: Any) -> Any:
    """The kernel that makes a layer's output; of a cell that of its inputs."""
    for name in ("pointwise_kernel", "_kernel", "kernel"):
        found = getattr(layer, name, None)
        if isinstance(found, keras.Variable):
            return found
    return None


def cells_of(model: Any) -> list[Any]:
    """The cells of a model's recurrences, which run once for each step."""
    found = [x.cell for x in model._flatten_layers() if isinstance(x, layers.RNN)]
    return [one for cell in found for one in getattr(cell, "cells", [cell])]


@contextlib.contextmanager
def unrolled(model: Any) -> Iterator[None]:
    """A context in which recurrences run step by step, where taps see what they compute."""
    loops = [vars(x) for x in model._flatten_layers() if isinstance(x, layers.RNN)]
    new = {"unroll": True, "use_cudnn": False}
    before = [{k: x[k] for k in new if k in x} for x in loops]
    for x, own in zip(loops, before, strict=True):
        x.update({k: new[k] for k in own})
    try:
        yield
    finally:
        for x, own in zip(loops, before, strict=True):
            x.update(own)


@contextlib.contextmanager
def settled(model: Any) -> Iterator[None]:
    """A context in which batch normalizations without statistics take those of the batch.

    The model is to be called inside of a `keras.StatelessScope`.
    """
    fresh = [
        x for x in model._flatten_layers()
        if isinstance(x, layers.BatchNormalization) and x.built
        and not bool(keras.ops.any(x.moving_mean != 0))
    ]  # fmt: skip
    for x in fresh:
        vars(x)["call"] = _with_statistics(x, x.call)
    try:
        yield
    finally:
        for x in fresh:
            del vars(x)["call"]


def _with_statistics(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    def with_statistics(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        axes = [a for a in range(len(inputs.shape)) if a != layer.axis % len(inputs.shape)]
        x = keras.ops.cast(keras.ops.stop_gradient(inputs), layer.moving_mean.dtype)
        mean, variance = keras.ops.moments(x, axes)
        count = math.prod(inputs.shape[a] for a in axes)
        if count < FEW:
            pooled = keras.ops.mean(variance) if count > 1 else keras.ops.var(x)
            variance = keras.ops.broadcast_to(pooled, variance.shape)
        layer.moving_mean.assign(mean if count > 1 else keras.ops.zeros_like(mean))
        layer.moving_variance.assign(variance)
        return call(inputs, training=False, mask=mask)

    return with_statistics


@contextlib.contextmanager
def tapped(tap: Tap, kinds: tuple[Any, ...] = TAPPED, cells: Any = ()) -> Iterator[None]:
    """For a while give `tap(layer, output)` the output of each layer of `kinds`, before its
    activation, and what `cells` hand on at each step; it may return another one."""
    with PATCHING:
        original, thread = keras.Layer.__call__, threading.get_ident()
        steps = {id(cell) for cell in cells}

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != thread:
                return original(self, *args, **kwargs)
            if id(self) in steps:
                made, states = original(self, *args, **kwargs)
                other = tap(self, made)
                return (made, states) if other is None else (other, _with(states, made, other))
            inner = self.layer if isinstance(self, layers.TimeDistributed) else self
            if not isinstance(inner, kinds):
                return original(self, *args, **kwargs)
            activation = getattr(inner, "activation", None)
            if activation is not None:
                vars(inner)["activation"] = keras.activations.linear
            try:
                made = original(self, *args, **kwargs)
            finally:
                if activation is not None:
                    vars(inner)["activation"] = activation
            other = tap(inner, made)
            made = made if other is None else other
            return made if activation is None else activation(made)

        keras.Layer.__call__ = call
        try:
            yield
        finally:
            keras.Layer.__call__ = original


def _with(states: Any, made: Any, other: Any) -> Any:
    """The states of a cell with another output in the place of its own."""
    return keras.tree.map_structure(lambda x: other if x is made else x, states)
