"""The core itself, on namespaces of the Array API."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from initcore import Part, Rng, specs
from initcore.arrays import COMPLEX
from initcore.random import on_numpy

__all__ = ["ArrayApiBackend", "numpy", "reference", "strict", "strict_no_float64", "strict_no_x64"]


class ArrayApiBackend:
    """`initcore`'s functions on a namespace and a device of it."""

    portable = True
    initializers = tuple(specs)
    layers = ()

    def __init__(self, name: str, xp: Any, dtypes: tuple[str, ...], device: Any = None) -> None:
        self.name, self.xp, self.dtypes, self.device = name, xp, dtypes, device

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: Any = "float32", **parameters: Any
    ) -> Any:
        """The core's kernel."""
        rng = Rng(seed, xp=self.xp, dtype=dtype, device=self.device)
        return specs[name].function(rng, shape, **parameters)

    def sample_part(
        self, name: str, shape: Any, part: Part, /, *, seed: Any, dtype: Any = "float32",
        **parameters: Any,
    ) -> Any:  # fmt: skip
        """The core's part of a kernel."""
        rng = Rng(seed, xp=self.xp, dtype=dtype, device=self.device)
        spec = specs[name]
        return spec.function(rng, shape, **{spec.rectangle: part}, **parameters)


class ReferenceBackend(ArrayApiBackend):
    """NumPy alone, without compiled draws."""

    def sample(self, *call: Any, **how: Any) -> Any:
        """The core's kernel."""
        with on_numpy():
            return super().sample(*call, **how)


def numpy() -> ArrayApiBackend:
    """NumPy, drawn by compiled code where there is some. What it proves is the invariants."""
    return ArrayApiBackend("numpy", np, _dtypes())


def reference() -> ArrayApiBackend:
    """The reference of the compiled code."""
    return ReferenceBackend("numpy:reference", np, _dtypes())


def _dtypes() -> tuple[str, ...]:
    half = ("float16", "bfloat16") if find_spec("ml_dtypes") else ("float16",)
    return ("float32", "float64", *half, *COMPLEX)


def strict() -> ArrayApiBackend:
    """The strict namespace: only what the standard grants."""
    import array_api_strict as xp

    return ArrayApiBackend("array_api_strict", xp, ("float32", "float64", *COMPLEX))


def strict_no_x64() -> ArrayApiBackend:
    """A device without 64-bit dtypes."""
    return _on("no_x64", ("float32", "complex64"))


def strict_no_float64() -> ArrayApiBackend:
    """A device without float64."""
    return _on("no_float64", ("float32", "complex64"))


def _on(device: str, dtypes: tuple[str, ...]) -> ArrayApiBackend:
    import array_api_strict as xp

    return ArrayApiBackend(f"array_api_strict:{device}", xp, dtypes, xp.Device(device))
