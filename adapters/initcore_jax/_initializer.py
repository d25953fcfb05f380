"""What the functions of this package return: initializers as JAX calls them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np

from initcore import specs
from initcore.arguments import as_shape
from initcore.spec import Layout, Wording

from ._init import NO_KEY, _draw, _dtype, _words
from ._keywords import DType
from ._layouts import FrameLayout, canonical

__all__ = ["WORDING", "Initializer", "SpecInitializer"]

Initializer: TypeAlias = jax.nn.initializers.Initializer

# JAX's names of the core's parameters. `lower` and `upper` are `truncated_normal`'s.
WORDING = Wording(names={"gain": "scale", "std": "stddev", "low": "lower", "high": "upper"})


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

    def __call__(
        self, key: Any, shape: Any, dtype: DType = None, out_sharding: Any = None
    ) -> jax.Array:
        name, spec = self.name, specs[self.name]
        kind = _dtype(dtype, self.dtype, name)
        sizes = as_shape(shape, who=name)
        given, turned, layout = dict(self.parameters), sizes, None
        # A shape with too few axes is left to the specification, which says what it needs.
        if self.layout is not None and len(sizes) >= max(2, spec.shape.low):
            turned, layout, groups = canonical(name, self.layout, sizes)
            if spec.grouped:
                given["groups"] = groups
        turned, values = spec.check(turned, given, wording=self.wording, shown=sizes)
        words = _words(key if spec.random else NO_KEY, name)
        w: jax.Array = _draw(name, words, sizes, turned, kind, values, layout, out_sharding)
        return w

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
