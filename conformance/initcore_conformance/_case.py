"""One call of an initializer, and the report of a wrong result."""

import math
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from initcore import Rng, Spec
from initcore.arrays import to_numpy

__all__ = ["Case", "Failure", "describe", "draw", "raised", "reference"]


@dataclass(frozen=True)
class Case:
    """Arguments of one call.

    Attributes:
        shape: Canonical shape `(out, in, *spatial)`.
        parameters: Those given; the others keep their defaults.
        kind: Layer to build, or None to sample.
        calls: Number of consecutive seeds, from `seed` on.
    """

    shape: tuple[int, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    seed: int = 0
    kind: str | None = None
    calls: int = 1

    @property
    def groups(self) -> int:
        return int(self.parameters.get("groups", 1))

    def call(self, spec: Spec, **changes: Any) -> str:
        """The Python call that reproduces it, `changes` overriding arguments."""
        given = {"seed": self.seed, "dtype": self.dtype, **self.parameters, **changes}
        shape = given.pop("shape", self.shape)
        kind = [repr(self.kind)] if self.kind else []
        named = [f"{k}={_spell(v)}" for k, v in given.items()]
        words = [*kind, repr(spec.name), repr(shape), *named]
        return f"backend.{'layer' if self.kind else 'sample'}({', '.join(words)})"

    def all_parameters(self, spec: Spec) -> dict[str, Any]:
        """Given parameters and defaults."""
        return {**spec.defaults, **self.parameters}


def _spell(value: Any) -> str:
    """`value` as Python reads it."""
    odd = isinstance(value, float) and not math.isfinite(value)
    return f"float('{value}')" if odd else repr(value)


@dataclass(frozen=True)
class Failure:
    """Why a check failed, for a reader who wants to fix it.

    Attributes:
        got: The result.
        should: What it should be.
        allowed: Deviation allowed, or empty.
        call: The call that reproduces it.
        trace: Traceback of an unexpected exception.
    """

    got: str
    should: str
    allowed: str = ""
    call: str = ""
    trace: str = ""

    def __str__(self) -> str:
        lines = {"got": self.got, "should be": self.should, "allowed": self.allowed,
                 "call": self.call}  # fmt: skip
        return "\n".join(f"{name:<10}{text}" for name, text in lines.items() if text)


def draw(backend: Any, spec: Spec, case: Case, **changes: Any) -> Any:
    """The backend's kernel for `case`."""
    given = {"seed": case.seed, "dtype": case.dtype, **case.parameters, **changes}
    return backend.sample(spec.name, given.pop("shape", case.shape), **given)


def reference(spec: Spec, case: Case, *, dtype: str | None = None, seed: int | None = None) -> Any:
    """The core's kernel for `case`, on the host."""
    rng = Rng(case.seed if seed is None else seed, dtype=dtype or case.dtype)
    return spec.function(rng, case.shape, **case.parameters)


def raised(error: BaseException, should: str, call: str) -> Failure:
    """The failure that reports an unexpected exception."""
    text = " ".join(str(error).split())
    return Failure(
        got=f"{type(error).__name__}: {text[:500]}" if text else type(error).__name__,
        should=should,
        call=call,
        trace="".join(traceback.format_exception(error)[-6:]),
    )


def describe(w: Any) -> str:
    """A small array in full, a large one by its size and range."""
    a = to_numpy(w)
    if a.size <= 9:
        return np.array2string(a, precision=6, separator=", ").replace("\n", "")
    return f"{a.size} values from {a.min():.6g} to {a.max():.6g}"
