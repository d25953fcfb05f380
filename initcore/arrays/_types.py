"""Types of arrays: of the array that an initializer returns, its library, its shape."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # TypeVar has defaults from Python 3.13 on
    from typing_extensions import TypeVar

    Array = TypeVar("Array", default=Any)
    """An array of one library; any, where the library is not known."""
    Made = TypeVar("Made", covariant=True)
else:
    from typing import TypeVar

    Array = TypeVar("Array")
    Made = TypeVar("Made", covariant=True)

__all__ = ["Array", "Namespace", "Shape"]

Shape = int | Sequence[int]
"""The sizes of an array; an integer is one axis."""


class Namespace(Protocol[Made]):
    """An Array API namespace: `numpy`, `torch`, `jax.numpy`, ...

    Type checkers take the kind of array from one function. Of those that every library has, only
    `stack` is typed in all, and alike.
    """

    def stack(self, arrays: Any, /) -> Made:
        """The arrays along a new axis."""
