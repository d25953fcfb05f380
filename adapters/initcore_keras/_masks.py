"""Sparse training: the mask of a kernel, a kernel for a given mask, a constraint to keep it."""

import base64
import math
from typing import Any, Unpack

import keras
import numpy as np

from initcore import Rng, specs
from initcore import approximate_isometry as core_isometry
from initcore import sparse_orthogonal_mask as core_mask
from initcore.arguments import as_shape, short_repr
from initcore.initializers import check_isometry, check_mask
from initcore.spec import Wording

from ._initializer import register
from ._kernel import GainInitializer
from ._keywords import Axes, Seed
from ._papers import SparseOrthogonal

__all__ = ["ApproximateIsometry", "SparseMask", "sparse_orthogonal_mask"]


def sparse_orthogonal_mask(initializer: SparseOrthogonal, shape: Any) -> Any:
    """NumPy booleans of `shape`, true at the `round(density * size)` weights to train.

    They include every nonzero of `initializer(shape)`. Convolutions have fewer nonzeros than that;
    the other weights to train are then zeros at random positions.

    Args:
        initializer: A `SparseOrthogonal` with an integer seed.
        shape: Shape of the kernel, in Keras's order.

    Raises:
        TypeError: The initializer is of another class.
        ValueError: The initializer has no integer seed, or cannot make a kernel of this shape.
    """
    who = "sparse_orthogonal_mask"
    if not isinstance(initializer, SparseOrthogonal):
        raise TypeError(f"{who} needs a SparseOrthogonal, got {type(initializer).__name__}.")
    if not isinstance(initializer.seed, int):
        raise ValueError(
            f"{who} needs an initializer with an integer seed, whose kernel is known, "
            f"got seed={short_repr(initializer.seed)}."
        )
    sizes = as_shape(shape, who=who)
    layout = initializer._layout(len(sizes))
    if layout is None:
        specs["sparse_orthogonal"].check(
            sizes, initializer._values(), wording=Wording(lambda n: who)
        )
        raise AssertionError  # the line above has raised
    kernel = initializer._kernel(layout, sizes)
    given = {n: v for n, v in initializer._values().items() if n != "gain"}
    mask = core_mask(Rng(initializer.seed), kernel.shape, groups=kernel.groups, **given)
    return np.ascontiguousarray(layout.from_canonical(mask, sizes, xp=np))


@register
class SparseMask(keras.constraints.Constraint):  # type: ignore[misc]
    """A constraint: after every step the kernel is exactly 0 outside `mask`.

    Momentum and weight decay cannot change these zeros. Keras applies a constraint after a step and
    not before the first: start from an initializer with these zeros. The mask is saved with its
    layer, eight elements a byte.

    Args:
        mask: Booleans of the kernel's shape.

    Raises:
        TypeError: The mask is not boolean.
        ValueError: The kernel has another shape.
    """

    def __init__(self, mask: Any) -> None:
        self.mask = _places("SparseMask", mask)

    def __call__(self, w: Any) -> Any:
        """`w`, with 0 outside the mask."""
        if tuple(w.shape) != self.mask.shape:
            raise ValueError(
                f"SparseMask needs a kernel of its mask's shape {self.mask.shape}, "
                f"got one of shape {tuple(w.shape)}."
            )
        w = keras.ops.convert_to_tensor(w)
        return keras.ops.where(self.mask, w, keras.ops.zeros_like(w))

    def get_config(self) -> dict[str, Any]:
        """The mask, encoded."""
        return {"mask": _encoded(self.mask)}


@register
class ApproximateIsometry(GainInitializer):
    """A kernel that is 0 outside `mask`, as near to all singular values `gain` as can be.

    Args:
        mask: Booleans of the kernel's shape.
        gain: Singular value, above 0.
        steps: Largest number of steps of the minimization.
    """

    core = "orthogonal"  # it reads a kernel as the same matrix

    def __init__(
        self,
        mask: Any,
        gain: float = 1.0,
        seed: Seed = None,
        *,
        steps: int = 1000,
        **axes: Unpack[Axes],
    ) -> None:
        who = type(self).__name__
        self.mask = _places(who, mask)
        gain, self.steps = check_isometry(who, gain, steps).values()
        super().__init__(gain, seed, **axes)

    def get_config(self) -> dict[str, Any]:
        """Every argument, with the mask encoded."""
        return {**super().get_config(), "mask": _encoded(self.mask), "steps": self.steps}

    def _make(self, shape: Any, dtype: Any) -> Any:
        who = type(self).__name__
        sizes = as_shape(shape, who=who)
        if sizes != self.mask.shape:
            raise ValueError(f"{who} needs the shape {self.mask.shape} of its mask, got {sizes}.")
        layout = self._layout(len(sizes))
        assert layout is not None  # a mask has 2 axes
        kernel = self._kernel(layout, sizes)
        places = layout.to_canonical(self.mask, xp=np)
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        rng = Rng.from_key(self._key(), dtype="float64" if kind == "float64" else "float32")
        w = core_isometry(rng, places, gain=self.gain, groups=kernel.groups, steps=self.steps)
        w = np.ascontiguousarray(layout.from_canonical(w, sizes, xp=np))
        return keras.ops.cast(keras.ops.convert_to_tensor(w), kind)


def _places(who: str, mask: Any) -> Any:
    if isinstance(mask, dict):
        return _decoded(who, mask)
    if keras.ops.is_tensor(mask):
        mask = keras.ops.convert_to_numpy(mask)
    return check_mask(who, mask)


def _encoded(mask: Any) -> dict[str, Any]:
    packed = np.packbits(mask.reshape(-1)).tobytes()
    return {"shape": list(mask.shape), "places": base64.b64encode(packed).decode("ascii")}


def _decoded(who: str, config: dict[str, Any]) -> Any:
    try:
        packed = np.frombuffer(base64.b64decode(config["places"]), np.uint8)
        shape = as_shape(config["shape"], who=who)
        if packed.size != -(-math.prod(shape) // 8):
            raise ValueError
        places = np.unpackbits(packed, count=math.prod(shape)).reshape(shape).astype(bool)
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            f"{who} needs a mask of booleans, or one as its config has it, "
            f"got {short_repr(config)}."
        ) from None
    return check_mask(who, places)
