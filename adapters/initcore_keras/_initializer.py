"""The base of all initializers: how Keras calls, saves and names them."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, Unpack

import keras

from initcore import Part, specs
from initcore.arguments import as_shape
from initcore.arrays import REAL
from initcore.spec import Kernel, Layout, Wording, check_part

from ._draw import draw
from ._keywords import NoArguments, describe, resolve, write_out

__all__ = ["INITIALIZERS", "CoreInitializer", "PartOf", "register", "spell"]

T = TypeVar("T", bound=type)
PartOf = tuple[Part, tuple[int, ...]]
"""A part and its sizes."""

# Where Keras's name is not the core's in capitals.
SPELLED = {"normal": "RandomNormal", "uniform": "RandomUniform"}


# Every class that is registered here, by its name.
INITIALIZERS: dict[str, type] = {}


def spell(name: str) -> str:
    """The class of the core's `name`: `delta_orthogonal` is `DeltaOrthogonal`."""
    return SPELLED.get(name) or "".join(part.title() for part in name.split("_"))


def register(cls: T) -> T:
    """File a class under its public name, with every argument in its docstring.

    A saved model then names `initcore_keras` and `initcore>Name`, and no private module.
    """
    if issubclass(cls, CoreInitializer):
        domains = {n: specs[cls.core].parameters[n] for n in cls._attributes()}
        own = {
            cls.names.get(n, n): f"{d.unit[0].upper()}{d.unit[1:]}; {d}."
            for n, d in domains.items()
        }
        cls.__doc__ = describe(cls, own)
    cls.__module__ = __package__
    keras.saving.register_keras_serializable(package="initcore")(cls)
    if issubclass(cls, CoreInitializer):
        INITIALIZERS[cls.__name__] = cls
    return cls


def _as_written(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; inside of a `tf.function` without AutoGraph, which rewrites what it meets."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    made: Callable[..., Any] = tf.autograph.experimental.do_not_convert(function)
    return made


class CoreInitializer(keras.initializers.Initializer):  # type: ignore[misc]
    """A Keras initializer whose values the core draws.

    Subclasses name the core's initializer and keep its parameters as attributes.

    Attributes:
        core: Name of the core's initializer.
        names: Keras's names of parameters, by the core's, where they differ.
        leads: First words of the errors that a parameter is out of range, where they are Keras's.
        usual: Arguments that the config leaves out at these values, so that it is Keras's own.
    """

    core: ClassVar[str]
    names: ClassVar[dict[str, str]] = {"std": "stddev"}
    leads: ClassVar[dict[str, str]] = {}
    usual: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **how: Any) -> None:
        super().__init_subclass__(**how)
        if "__init__" in vars(cls):
            write_out(vars(cls)["__init__"])

    @write_out
    def __init__(self, **none: Unpack[NoArguments]) -> None:
        resolve(self, none, NoArguments)
        self._check_parameters()

    # An argument of the name `layout` would make Keras leave out its own sharded initialization.
    def __call__(self, shape: Any, dtype: Any = None, **how: Any) -> Any:
        """A tensor of `shape` in Keras's order; `dtype=None` is `keras.config.floatx()`.

        A `layout=` that is not None distributes it. `part=Part(shape, offset)` says that the tensor
        is a rectangle of a kernel of that shape, which has these values there.
        """
        layout, part = how.pop("layout", None), how.pop("part", None)
        if how:
            raise TypeError(
                f"{type(self).__name__} needs shape, dtype, layout and part when it is called, got "
                f"{', '.join(how)} too."
            )
        if part is not None:
            check_part(type(self).__name__, part, as_shape(shape, who=type(self).__name__))
        w = self._apart(shape, dtype, part) if part else _as_written(self._make)(shape, dtype)
        return w if layout is None else keras.distribution.distribute_tensor(w, layout)

    def get_config(self) -> dict[str, Any]:
        """Every argument, with the values in `usual` left out."""
        kept = {name: getattr(self, name) for name in (*self._attributes().values(), *self.usual)}
        absent = object()
        return {k: v for k, v in kept.items() if v != self.usual.get(k, absent)}

    @classmethod
    def _attributes(cls) -> dict[str, str]:
        """The attribute that holds each of the core's parameters but `groups`, by its name."""
        return {n: cls.names.get(n, n) for n in specs[cls.core].parameters if n != "groups"}

    def _values(self) -> dict[str, Any]:
        """The parameters by the core's names."""
        return {core: getattr(self, name) for core, name in self._attributes().items()}

    def _check_parameters(self) -> None:
        """Raise unless the core accepts them; numbers become Python's, which can be saved."""
        spec = specs[self.core]
        for core, value in self._values().items():
            domain = spec.parameters[core]
            clean = spec.check_parameter(type(self).__name__, core, domain, value, self._wording())
            if type(value) not in (int, float) and isinstance(clean, (int, float)):
                setattr(self, self.names.get(core, core), clean)

    def _wording(self) -> Wording:
        mine = type(self).__name__
        named = lambda n: mine if n == self.core else spell(n)  # noqa: E731
        return Wording(named, "shape", self.names, self.leads, "(shape)")

    def _layout(self, ndim: int) -> Layout | None:
        return Layout((-1,), (-2,)) if ndim >= max(2, specs[self.core].shape.low) else None

    def _key(self) -> tuple[Any, Any]:
        return (0, 0)

    def _apart(self, shape: Any, dtype: Any, part: Part) -> Any:
        """A part alone, if it can be made alone."""
        sizes = as_shape(shape, who=type(self).__name__)
        if type(self)._make is CoreInitializer._make:
            return _as_written(self._made)(part.shape, dtype, (part, sizes))
        return part.of(_as_written(self._make)(part.shape, dtype), sizes)

    def _make(self, shape: Any, dtype: Any) -> Any:
        return self._made(shape, dtype, None)

    def _made(self, shape: Any, dtype: Any, part: PartOf | None) -> Any:
        """A kernel of `shape`, or a part of it."""
        who, spec = type(self).__name__, specs[self.core]
        sizes = as_shape(shape, who=who)
        kind = self._kind(dtype)
        given = self._values()
        layout = self._layout(len(sizes))
        canonical = sizes
        if layout is not None:
            kernel = self._kernel(layout, sizes)
            canonical = kernel.shape
            if spec.grouped:
                given["groups"] = kernel.groups
        canonical, values = spec.check(canonical, given, wording=self._wording(), shown=sizes)
        return draw(self.core, self._key(), sizes, canonical, kind, values, layout, part)

    def _kind(self, dtype: Any) -> str:
        """The name of the dtype; a `TypeError` unless it is real: Keras has no complex weights."""
        kind: str = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        if kind not in REAL:
            raise TypeError(
                f"{type(self).__name__} needs a real floating dtype "
                f"(float16, bfloat16, float32 or float64), got {kind}."
            )
        return kind

    def _kernel(self, layout: Layout, shape: tuple[int, ...]) -> Kernel:
        try:
            return layout.kernel(shape)
        except ValueError as error:
            raise ValueError(f"{type(self).__name__}, shape {shape}: {error}") from None
