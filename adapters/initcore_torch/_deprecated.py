"""PyTorch's old names without the underscore: they work and warn."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from ._basic import constant_, normal_, sparse_, uniform_
from ._structured import dirac_, eye_, orthogonal_
from ._xavier import kaiming_normal_, kaiming_uniform_, xavier_normal_, xavier_uniform_

__all__ = [
    "constant",
    "dirac",
    "eye",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "orthogonal",
    "sparse",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
]


F = TypeVar("F", bound=Callable[..., Any])


def _old_name(function: F) -> F:
    new = function.__name__

    @functools.wraps(function)
    def old(*args: Any, **kwargs: Any) -> Any:
        text = f"`initcore_torch.{new[:-1]}` is deprecated in favor of `{new}`, as in PyTorch."
        warnings.warn(text, FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    old.__name__ = old.__qualname__ = new[:-1]
    old.__module__ = __name__
    return old  # type: ignore[return-value]


uniform = _old_name(uniform_)
normal = _old_name(normal_)
constant = _old_name(constant_)
eye = _old_name(eye_)
dirac = _old_name(dirac_)
xavier_uniform = _old_name(xavier_uniform_)
xavier_normal = _old_name(xavier_normal_)
kaiming_uniform = _old_name(kaiming_uniform_)
kaiming_normal = _old_name(kaiming_normal_)
orthogonal = _old_name(orthogonal_)
sparse = _old_name(sparse_)
