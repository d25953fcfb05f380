"""A wrong implementation, and the check that is meant to find it.

A fault is a right backend with one mistake. Faults with a stream of their own are subclasses of
`Independent`; those that claim the portable stream wrap the NumPy backend.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from initcore import specs
from initcore_conformance.backends import numpy as core
from tests.conformance.independent._toy import Toy as Framework

HANGS = 5.0  # seconds of processor time after which a fault counts as found by its hanging

BUILTIN = {name: spec for name, spec in specs.items() if spec.builtin}
RANDOM = tuple(name for name, spec in BUILTIN.items() if spec.random)
GROUPED = tuple(name for name, spec in BUILTIN.items() if spec.grouped)
DERIVED = ("lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal",
           "he_uniform")  # fmt: skip
HAAR = ("orthogonal", "scaled_orthogonal", "delta_orthogonal", "mirrored")
ISOMETRIES = (*HAAR, "conv_orthogonal", "sparse_orthogonal")


@dataclass(frozen=True)
class Fault:
    """A wrong implementation.

    Attributes:
        name: What is wrong.
        initializer: The initializer that shows it.
        check: The check meant to find it.
        make: Makes the wrong backend.
        again: Whether it repeats a fault that is filed for another initializer.
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
    """The right kernel, bent. It claims no portable stream, so that only the law can show it."""

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
