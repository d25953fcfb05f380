"""A wrong implementation, and the check that is meant to find it.

A fault is a backend that is right but for one thing. Those with a stream of their own are changes
of `Independent`; those that claim the portable stream are changes of the NumPy backend.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from initcore import specs
from initcore_conformance.backends import numpy as core
from tests.conformance.independent._toy import Toy as Framework

RANDOM = tuple(name for name, spec in specs.items() if spec.random)
GROUPED = tuple(name for name, spec in specs.items() if spec.grouped)
DERIVED = ("lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal",
           "he_uniform")  # fmt: skip
HAAR = ("orthogonal", "scaled_orthogonal", "delta_orthogonal", "mirrored")
ISOMETRIES = (*HAAR, "conv_orthogonal", "sparse_orthogonal")


@dataclass(frozen=True)
class Fault:
    """What is wrong, with which initializer it shows, and the check meant to kill it.

    `again` says that the same fault is filed for another initializer too, where it is tested first.
    """

    name: str
    initializer: str
    check: str
    make: Callable[[], Any]
    again: bool = False


FAULTS: list[Fault] = []


def fault(initializer: str, check: str, *, also: Iterable[str] = ()) -> Callable[[type], type]:
    """File a class of a wrong backend; its docstring says what is wrong.

    Args:
        also: Initializers with which the same check finds the same fault.
    """

    def file(cls: type) -> type:
        name = (cls.__doc__ or "").strip()
        for one in dict.fromkeys((initializer, *also)):
            FAULTS.append(Fault(name, one, check, cls, again=one != initializer))
        return cls

    return file


class Core:
    """The NumPy backend, portable."""

    def __init__(self) -> None:
        self.right = core()
        self.name, self.portable = type(self).__name__, True
        self.initializers, self.dtypes = self.right.initializers, self.right.dtypes

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return self.right.sample(name, shape, **given)


class Bent(Core):
    """The right kernel, bent; its stream is its own, so that nothing but the law can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.portable = False

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        return self.bent(name, w, given) if w.size else w

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return w


class Toy(Core, Framework):
    """The NumPy backend in the layers of the toy framework."""
