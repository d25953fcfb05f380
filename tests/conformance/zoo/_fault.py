"""A wrong implementation, and the check that is meant to find it.

A fault is a backend that is right but for one thing. Those with a stream of their own are changes
of `Independent`; those that claim the portable stream are changes of the NumPy backend.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from initcore_conformance.backends import numpy as core


@dataclass(frozen=True)
class Fault:
    """What is wrong, with which initializer it shows, and the check meant to kill it."""

    name: str
    initializer: str
    check: str
    make: Callable[[], Any]


FAULTS: list[Fault] = []


def fault(initializer: str, check: str) -> Callable[[type], type]:
    """File a class of a wrong backend; its docstring says what is wrong."""

    def file(cls: type) -> type:
        FAULTS.append(Fault((cls.__doc__ or "").strip(), initializer, check, cls))
        return cls

    return file


class Core:
    """The NumPy backend, portable, with a toy layer on top."""

    def __init__(self) -> None:
        self.right = core()
        self.name, self.portable = type(self).__name__, True
        self.initializers, self.dtypes = self.right.initializers, self.right.dtypes

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return self.right.sample(name, shape, **given)


class Toy(Core):
    """A dense layer whose kernel is `(in, out)`."""

    layers = ("dense",)

    def kernel(self, name: str, out: int, into: int, given: Any) -> Any:
        return self.right.sample(name, (out, into), **given).T

    def layer(self, kind: str, name: str, shape: Any, **given: Any) -> Any:
        kernel = self.kernel(name, *shape, given)
        return lambda x: x @ kernel
