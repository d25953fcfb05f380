"""The products of weights in a running model, whichever modules they are written in."""

import functools
import types
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from ._nested import tensors

__all__ = ["Watch"]

PRODUCTS = frozenset((
    "linear", "matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "mv", "addmm", "addmv", "baddbmm",
    "einsum", "tensordot", "bilinear", "_grouped_mm", "grouped_mm", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution",
))  # fmt: skip
COMPOSITES = ("torch.nn.functional", "torch.functional")  # functions made of others
GATES = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")


class Watch(TorchFunctionMode):
    """Calls `tap(path, output)` at each product with a weight, and goes on with what it returns.

    A weight is known by itself or by a view of it; the kernels of experts are `weight[i]`, say.

    Args:
        weights: By path.
        tap: May return another tensor, or None for the same.
    """

    def __init__(
        self, weights: Mapping[str, Tensor], tap: Callable[[str, Tensor], Tensor | None]
    ) -> None:
        super().__init__()
        self._paths = {id(t): path for path, t in weights.items()}
        self._tap = tap

    def __torch_function__(
        self, function: Any, types_: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if _is_composite(function):
            with self:  # the products inside of attention are of interest too
                return _opened(function)(*args, **kwargs)
        result = function(*args, **kwargs)
        if isinstance(result, Tensor) and getattr(function, "__name__", "") in PRODUCTS:
            for path in dict.fromkeys(map(self._path, tensors((args, kwargs)))):
                changed = None if path is None else self._tap(path, result)
                result = result if changed is None else changed
        return result

    def _path(self, t: Tensor) -> str | None:
        found = self._paths.get(id(t))
        return found if found is not None or t._base is None else self._paths.get(id(t._base))


def _is_composite(function: Any) -> bool:
    """Whether it is written in Python, asks for modes itself and calls other functions then."""
    return (
        isinstance(function, types.FunctionType)
        and function.__module__ in COMPOSITES
        and not {*GATES}.isdisjoint(function.__code__.co_names)
    )


@functools.cache
def _opened(function: types.FunctionType) -> Any:
    """A function of `torch.nn.functional` that does not ask this mode again, but runs."""
    passing = {name: lambda *given: False for name in GATES}
    made: Any = types.FunctionType(
        function.__code__, {**function.__globals__, **passing}, function.__name__,
        function.__defaults__, function.__closure__,
    )  # fmt: skip
    made.__kwdefaults__ = function.__kwdefaults__
    return made
