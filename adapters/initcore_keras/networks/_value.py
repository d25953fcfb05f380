"""What a model is called with while it is recorded: values that have a shape and no numbers."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import keras

from ._active import call
from ._operations import MAPS

__all__ = ["Value", "unknown"]


def _operator(name: str, *, swapped: bool = False) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        function = getattr(keras.ops, name)
        return function(other, self) if swapped else function(self, other)

    return operator


def unknown(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
    raise TypeError("the numbers of a value are not known while the model is traced")


class Value:
    """A value of the network: the node that makes it, its shape and its dtype.

    It passes for a tensor of the running backend (`hooked`), so that layers do with it what they do
    with arrays; every operation on it becomes a node.

    Args:
        node: Index of the node that makes it.
        shape: All sizes, none open.
        dtype: By Keras's name.
        alone: Whether weights and constants alone make it.
    """

    __array_ufunc__ = None  # so that NumPy leaves operators to this class
    __hash__ = object.__hash__

    def __init__(self, node: int, shape: Any, dtype: str, alone: bool = False) -> None:
        self.node, self.shape, self.dtype = node, tuple(int(n) for n in shape), dtype
        self.alone = alone

    def __repr__(self) -> str:
        return f"<value {self.node} of shape {self.shape}, {self.dtype}>"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> Any:  # noqa: N802
        return keras.ops.transpose(self)

    def reshape(self, *shape: Any) -> Any:
        return keras.ops.reshape(self, shape[0] if isinstance(shape[0], (tuple, list)) else shape)

    def astype(self, dtype: Any) -> Any:
        return keras.ops.cast(self, keras.backend.standardize_dtype(dtype))

    def __getitem__(self, key: Any) -> Any:
        return call("getitem", _item, (self, key), {})

    def __len__(self) -> int:
        if not self.shape:
            unknown(self)
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __neg__(self) -> Any:
        return keras.ops.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return keras.ops.absolute(self)

    def __invert__(self) -> Any:
        return keras.ops.logical_not(self)

    def __eq__(self, other: Any) -> Any:
        return False if other is None else keras.ops.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return True if other is None else keras.ops.not_equal(self, other)

    __add__, __radd__ = _operator("add"), _operator("add", swapped=True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", swapped=True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", swapped=True)
    __truediv__, __rtruediv__ = _operator("true_divide"), _operator("true_divide", swapped=True)
    __floordiv__ = _operator("floor_divide")
    __rfloordiv__ = _operator("floor_divide", swapped=True)
    __mod__, __rmod__ = _operator("mod"), _operator("mod", swapped=True)
    __pow__, __rpow__ = _operator("power"), _operator("power", swapped=True)
    __matmul__, __rmatmul__ = _operator("matmul"), _operator("matmul", swapped=True)
    __and__, __rand__ = _operator("logical_and"), _operator("logical_and", swapped=True)
    __or__, __ror__ = _operator("logical_or"), _operator("logical_or", swapped=True)
    __xor__, __rxor__ = _operator("logical_xor"), _operator("logical_xor", swapped=True)
    __lt__, __le__ = _operator("less"), _operator("less_equal")
    __gt__, __ge__ = _operator("greater"), _operator("greater_equal")
    __bool__ = __int__ = __float__ = __index__ = __array__ = unknown

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:  # fmt: skip
        """PyTorch's own functions of the names that Keras has, element by element."""
        name = getattr(function, "__name__", "").strip("_")
        name = {"sub": "subtract", "mul": "multiply", "div": "true_divide", "pow": "power",
                "truediv": "true_divide"}.get(name, name)  # fmt: skip
        swapped = name in ("radd", "rsub", "rmul", "rtruediv")
        if name not in MAPS or kwargs or swapped or not hasattr(keras.ops, name):
            return NotImplemented
        return getattr(keras.ops, name)(*args)


def _item(x: Any, key: Any) -> Any:
    return x[key]
