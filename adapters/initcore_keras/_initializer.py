"""The initializers' bases: how Keras likes to be called, and how it lays out kernels."""

import random
from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from initcore import Rng, specs
from initcore.arguments import as_shape, short_repr
from initcore.arrays import REAL
from initcore.spec import Kernel, Layout, Wording

from ._draw import draw, words

__all__ = ["CoreInitializer", "KernelInitializer", "RandomInitializer", "check_kernel", "spell"]

# Where Keras's name is not the core's in capitals.
SPELLED = {"normal": "RandomNormal", "uniform": "RandomUniform"}
KINDS = {
    "kernel": Layout((-1,), (-2,)),
    "transposed": Layout((-2,), (-1,)),
    "depthwise": Layout((-1,), (), batch=(-2,)),
}


def spell(name: str) -> str:
    """The class of the core's `name`: `delta_orthogonal` is `DeltaOrthogonal`."""
    return SPELLED.get(name) or "".join(part.title() for part in name.split("_"))


class CoreInitializer(keras.initializers.Initializer):  # type: ignore[misc]
    """A Keras initializer that the core draws.

    Subclasses name the core's initializer and their parameters: attribute by the core's name.
    """

    core: ClassVar[str]
    names: ClassVar[dict[str, str]] = {}

    # An argument of the name `layout` would make Keras leave out its own sharded initialization.
    def __call__(self, shape: Any, dtype: Any = None, **how: Any) -> Any:
        """A tensor of `shape` in Keras's order; `dtype=None` is `keras.config.floatx()`.

        A `layout=` that is not None distributes it.
        """
        layout = how.pop("layout", None)
        if how:
            raise TypeError(
                f"{type(self).__name__} needs shape, dtype and layout when it is called, got "
                f"{', '.join(how)} too."
            )
        w = self._make(shape, dtype)
        return w if layout is None else keras.distribution.distribute_tensor(w, layout)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the initializer again."""
        return {name: getattr(self, name) for name in self.names.values()}

    def _values(self) -> dict[str, Any]:
        """The parameters by the core's names."""
        return {core: getattr(self, name) for core, name in self.names.items()}

    def _check_parameters(self) -> None:
        """Raise what the core has to say; numbers of other kinds become Python's, to be saved."""
        spec = specs[self.core]
        for core, value in self._values().items():
            domain = spec.parameters[core]
            clean = spec.check_parameter(type(self).__name__, core, domain, value, self._wording())
            if type(value) not in (int, float) and isinstance(clean, (int, float)):
                setattr(self, self.names[core], clean)

    def _wording(self) -> Wording:
        mine = type(self).__name__
        return Wording(lambda n: mine if n == self.core else spell(n), "shape", self.names)

    def _layout(self, ndim: int) -> Layout | None:
        return Layout((-1,), (-2,)) if ndim >= max(2, specs[self.core].shape.low) else None

    def _draws_from(self) -> tuple[Any, Any]:
        return (0, 0)

    def _make(self, shape: Any, dtype: Any) -> Any:
        who, spec = type(self).__name__, specs[self.core]
        sizes = as_shape(shape, who=who)
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        if kind not in REAL:
            raise TypeError(
                f"{who} needs a real floating dtype (float16, bfloat16, float32 or float64), "
                f"got {kind}."
            )
        given = self._values()
        layout = self._layout(len(sizes))
        canonical = sizes
        if layout is not None:
            kernel = self._kernel(layout, sizes)
            canonical = kernel.shape
            if spec.grouped:
                given["groups"] = kernel.groups
        canonical, values = spec.check(canonical, given, wording=self._wording(), shown=sizes)
        return draw(self.core, self._draws_from(), sizes, canonical, kind, values, layout)

    def _kernel(self, layout: Layout, shape: tuple[int, ...]) -> Kernel:
        try:
            return layout.kernel(shape)
        except ValueError as error:
            raise ValueError(f"{type(self).__name__}, shape {shape}: {error}") from None


class RandomInitializer(CoreInitializer):
    """A `CoreInitializer` with a seed.

    Args:
        seed: Integer `0 <= seed < 2**64`: the same values at each call. A
            `keras.random.SeedGenerator`: new values at each call, from its state. None: new values
            at each call, from the state that `keras.utils.set_random_seed` sets.
    """

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, dict):
            seed = keras.saving.deserialize_keras_object(seed)
        if seed is not None and not isinstance(seed, keras.random.SeedGenerator):
            Rng(seed)  # the error, if it is none
        self.seed = seed
        self._check_parameters()

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the initializer again."""
        return {"seed": keras.saving.serialize_keras_object(self.seed), **super().get_config()}

    def _draws_from(self) -> tuple[Any, Any]:
        if self.seed is None:
            return Rng(random.getrandbits(64)).key
        if isinstance(self.seed, keras.random.SeedGenerator):
            return words(self.seed.next(), type(self).__name__)
        return Rng(self.seed).key


class KernelInitializer(RandomInitializer):
    """A `RandomInitializer` that has to know which axes of a kernel are inputs and outputs.

    Args:
        seed: As of `RandomInitializer`.
        kind: `"kernel"` for `(in, out)` and `(*k, in / groups, out)`; `"transposed"` for the
            `(*k, out, in)` of `Conv2DTranspose`; `"depthwise"` for the `(*k, in, multiplier)` of
            `DepthwiseConv2D`.
        groups: Independent kernels along the outputs.
        input_axes, output_axes: The axes themselves, as of an `EinsumDense` kernel; both or none.
    """

    def __init__(
        self,
        seed: Any = None,
        *,
        kind: str = "kernel",
        groups: int = 1,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        who = type(self).__name__
        check_kernel(who, kind, groups)
        if (input_axes is None) != (output_axes is None):
            raise ValueError(f"{who} needs input_axes and output_axes together, got one of them.")
        for axes in (input_axes, output_axes):
            if axes is not None and not (
                isinstance(axes, Sequence) and all(type(a) is int for a in axes)
            ):
                raise TypeError(
                    f"{who} needs input_axes and output_axes to be lists of integers, "
                    f"got {short_repr(axes)}."
                )
        self.kind, self.groups = kind, groups
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the initializer again; Keras's keys if nothing is ours."""
        config = super().get_config()
        own = {
            "kind": self.kind,
            "groups": self.groups,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }
        usual = {"kind": "kernel", "groups": 1, "input_axes": None, "output_axes": None}
        return {**config, **{k: v for k, v in own.items() if v != usual[k]}}

    def _layout(self, ndim: int) -> Layout | None:
        if self.input_axes is not None and self.output_axes is not None:
            # As Keras has it, what is neither input nor output does not count into a fan.
            named = {a % ndim for a in (*self.input_axes, *self.output_axes) if ndim}
            batch = tuple(a for a in range(ndim) if a not in named)
            return Layout(tuple(self.output_axes), tuple(self.input_axes), batch, self.groups)
        if super()._layout(ndim) is None:
            return None
        layout = KINDS[self.kind]
        return Layout(layout.out, layout.in_, layout.batch, self.groups)


def check_kernel(who: str, kind: Any, groups: Any) -> None:
    """Raise unless `kind` is a layout's name and `groups` counts something."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(
            f"{who} needs kind to be one of {', '.join(KINDS)}, got {short_repr(kind)}."
        )
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ValueError(f"{who} needs groups to be an integer >= 1, got {short_repr(groups)}.")
