"""What the functions of this package return: initializers as JAX calls them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from initcore import Part, specs
from initcore.arguments import as_shape
from initcore.spec import Layout, Wording, check_part

from ._init import NO_KEY, _draw, _dtype, _words
from ._keywords import DType, OutSharding
from ._layouts import FrameLayout, canonical

__all__ = ["WORDING", "Initializer", "SpecInitializer"]


class Initializer(Protocol):
    """What makes arrays, called as an initializer of JAX is."""

    def __call__(
        self,
        key: jax.Array,
        shape: Sequence[int],
        dtype: DType = None,
        out_sharding: OutSharding = None,
        *,
        part: Part | None = None,
    ) -> jax.Array:
        """The array of `shape`, or of the part of a larger one.

        Args:
            key: A JAX key.
            shape: Of the array.
            dtype: Of the array; the initializer's default if None.
            out_sharding: How the array is to be sharded.
            part: Which rectangle of a larger kernel the array is, such as
                `Part((512, 1024), (0, 256))`: it gets the values that the whole has there.
        """


# JAX's names of the core's parameters. `lower` and `upper` are `truncated_normal`'s.
NAMES = {"gain": "scale", "std": "stddev", "low": "lower", "high": "upper"}
CALLED = "(key, shape)"
WORDING = Wording(names=NAMES, called=CALLED)


class Arrangement(NamedTuple):
    """How the core draws an array.

    Attributes:
        name: The specification's name.
        shape: The core's shape `(out, in, *spatial)`.
        parameters: By the core's names.
        layout: From the core's order to the array's; None if they are the same.
    """

    name: str
    shape: tuple[int, ...]
    parameters: Mapping[str, Any]
    layout: Layout | None


@dataclass(frozen=True, eq=False, repr=False)
class SpecInitializer:
    """The initializer `init(key, shape, dtype=None, out_sharding=None)` of one specification.

    Unlike a closure, it can be pickled and compared, and its `repr` shows the parameters.

    Args:
        name: The specification's name.
        parameters: By the core's names; they are checked now, shapes when it is called.
        dtype: Default dtype; None is JAX's default float.
        layout: Where kernels have their axes, or a function of the number of axes. Arrays of fewer
            than two axes have no layout.
        wording: JAX's names of the parameters, for error texts.

    Raises:
        TypeError: A parameter is of the wrong type.
        ValueError: A parameter is out of range.

    >>> import pickle
    >>> init = SpecInitializer("orthogonal", {"gain": 2.0})
    >>> init
    <initcore_jax.orthogonal(scale=2.0)>
    >>> pickle.loads(pickle.dumps(init)) == init
    True
    """

    name: str
    parameters: Mapping[str, Any]
    dtype: DType = None
    layout: Layout | FrameLayout | None = None
    wording: Wording = WORDING

    def __post_init__(self) -> None:
        spec = specs[self.name]
        for parameter, value in self.parameters.items():
            domain = spec.parameters[parameter]
            spec.check_parameter(self.name, parameter, domain, value, self.wording)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def random(self) -> bool:
        """Whether the result depends on the key."""
        return specs[self.name].random

    def __call__(
        self,
        key: jax.Array | None,
        shape: Sequence[int],
        dtype: DType = None,
        out_sharding: OutSharding = None,
        *,
        part: Part | None = None,
    ) -> jax.Array:
        kind = _dtype(dtype, self.dtype, self.name, complex_=specs[self.name].complex_)
        sizes = as_shape(shape, who=self.name)
        if part is not None:
            check_part(self.name, part, sizes)
        whole = sizes if part is None else part.shape
        name, turned, given, layout = self._arranged(whole)
        turned, values = specs[name].check(turned, given, wording=self.wording, shown=whole)
        words = _words(key if self.random else NO_KEY, self.name)
        w: jax.Array = _draw(name, words, sizes, turned, kind, values, layout, out_sharding, part)
        return w

    def _arranged(self, sizes: tuple[int, ...]) -> Arrangement:
        spec = specs[self.name]
        # A shape with too few axes is left to the specification, which says what it needs.
        if self.layout is None or len(sizes) < max(2, spec.shape.low):
            return Arrangement(self.name, sizes, self.parameters, None)
        turned, layout, groups = canonical(self.name, self.layout, sizes)
        given = {**self.parameters, "groups": groups} if spec.grouped else self.parameters
        return Arrangement(self.name, turned, given, layout)

    def __repr__(self) -> str:
        names = self.wording.names
        shown = [f"{names.get(n, n)}={value!r}" for n, value in self.parameters.items()]
        return f"<initcore_jax.{self.name}({', '.join(shown)})>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpecInitializer):
            return NotImplemented
        mine, others = self.parameters, other.parameters
        return (
            (self.name, self.dtype, self.layout) == (other.name, other.dtype, other.layout)
            and mine.keys() == others.keys()
            and all(_same(mine[n], others[n]) for n in mine)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.layout))  # a parameter that is traced has no hash


def _same(a: Any, b: Any) -> bool:
    """Whether they are equal; arrays, which may be traced, only if they are the same one."""
    arrays = (jax.Array, np.ndarray)
    return a is b or (not (isinstance(a, arrays) or isinstance(b, arrays)) and bool(a == b))
