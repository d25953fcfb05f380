"""The bases of initializers of kernels: which axes are inputs and outputs, and the seed."""

import dataclasses
import random
from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

import keras

from initcore.arguments import key_of_seed, short_repr
from initcore.spec import Layout

from ._draw import words
from ._initializer import CoreInitializer
from ._keywords import Axes, KindAndGroups, Seed, defaults, resolve

__all__ = ["GainInitializer", "KernelInitializer", "LayoutInitializer"]

KINDS = {
    "kernel": Layout((-1,), (-2,)),
    "transposed": Layout((-2,), (-1,)),
    "depthwise": Layout((-1,), (), batch=(-2,)),
}


class LayoutInitializer(CoreInitializer):
    """A `CoreInitializer` that knows how a layer lays out its kernel."""

    usual: ClassVar[dict[str, Any]] = defaults(KindAndGroups)

    def __init__(self, **layout: Unpack[KindAndGroups]) -> None:
        who, given = type(self).__name__, resolve(self, layout, KindAndGroups)
        kind, groups, batch = given["kind"], given["groups"], given["batch"]
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(
                f"{who} needs kind to be one of {', '.join(KINDS)}, got {short_repr(kind)}."
            )
        if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
            raise ValueError(f"{who} needs groups to be an integer >= 1, got {short_repr(groups)}.")
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 0:
            raise ValueError(f"{who} needs batch to be an integer >= 0, got {short_repr(batch)}.")
        self.kind, self.groups, self.batch = kind, groups, batch
        super().__init__()

    def _layout(self, ndim: int) -> Layout | None:
        if self.batch and ndim < self.batch + 2:
            raise ValueError(
                f"{type(self).__name__} needs batch to count the axes ahead of a kernel's two, got "
                f"{self.batch} for a shape of {ndim} axes."
            )
        if super()._layout(ndim) is None:
            return None
        plain = KINDS[self.kind]
        if self.groups == 1 and not self.batch:
            return plain
        many = (*range(self.batch), *plain.batch)
        return dataclasses.replace(plain, groups=self.groups, batch=many)


class KernelInitializer(LayoutInitializer):
    """A `LayoutInitializer` with a seed, for kernels whose axes can be named outright."""

    usual: ClassVar[dict[str, Any]] = defaults(Axes)
    # Whether one of input_axes and output_axes may be given alone, which then says nothing.
    axes_alone: ClassVar[bool] = False

    def __init__(self, seed: Seed = None, **axes: Unpack[Axes]) -> None:
        who, given = type(self).__name__, resolve(self, axes, Axes)
        numbers = given.pop("input_axes"), given.pop("output_axes")
        if (numbers[0] is None) != (numbers[1] is None) and not self.axes_alone:
            raise ValueError(f"{who} needs input_axes and output_axes together, got one of them.")
        for some in numbers:
            listed = isinstance(some, Sequence) and all(type(a) is int for a in some)
            if some is not None and not listed:
                raise TypeError(
                    f"{who} needs input_axes and output_axes to be lists of integers, "
                    f"got {short_repr(some)}."
                )
        if numbers != (None, None) and given["batch"]:
            raise ValueError(
                f"{who} needs batch or input_axes and output_axes, got both; axes that are neither "
                "inputs nor outputs count kernels."
            )
        self.input_axes, self.output_axes = numbers
        if isinstance(seed, dict):  # of a config
            seed = keras.saving.deserialize_keras_object(seed)
        if seed is not None and not isinstance(seed, keras.random.SeedGenerator):
            seed = int(seed) if isinstance(seed, bool) else seed  # as in Keras, True is 1
            key_of_seed(seed, who=who)  # raises if it is none
        self.seed = seed
        super().__init__(**given)

    def get_config(self) -> dict[str, Any]:
        """Every argument, with the values in `usual` left out."""
        return {"seed": keras.saving.serialize_keras_object(self.seed), **super().get_config()}

    def _key(self) -> tuple[Any, Any]:
        if self.seed is None:
            return key_of_seed(random.getrandbits(64))
        if isinstance(self.seed, keras.random.SeedGenerator):
            return words(self.seed.next(), type(self).__name__)
        return key_of_seed(self.seed)

    def _layout(self, ndim: int) -> Layout | None:
        if self.input_axes is None or self.output_axes is None:
            return super()._layout(ndim)
        # As in Keras, an axis that is neither input nor output does not count into a fan.
        named = {a % ndim for a in (*self.input_axes, *self.output_axes) if ndim}
        batch = tuple(a for a in range(ndim) if a not in named)
        return Layout(tuple(self.output_axes), tuple(self.input_axes), batch, self.groups)


class GainInitializer(KernelInitializer):
    """A `KernelInitializer` whose first argument is a gain."""

    def __init__(self, gain: float = 1.0, seed: Seed = None, **axes: Unpack[Axes]) -> None:
        self.gain = gain
        super().__init__(seed, **axes)
