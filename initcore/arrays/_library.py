"""Array libraries: their namespaces, and what each can do."""

import sys
from typing import Any

import numpy as np

from ..arguments import short_repr

__all__ = [
    "device_of",
    "is_accelerator",
    "is_contiguous",
    "is_jax",
    "is_numpy",
    "is_torch",
    "is_traced",
    "matmul",
    "namespace",
    "on_host",
]


def namespace(xp: Any) -> Any:
    """The Array API namespace of `xp`: torch and CuPy are wrapped by array-api-compat."""
    # As plain import statements, which torch.compile follows.
    name = getattr(xp, "__name__", None)
    if name == "torch":
        import array_api_compat.torch

        return array_api_compat.torch
    if name == "cupy":
        import array_api_compat.cupy

        return array_api_compat.cupy
    if not hasattr(xp, "asarray"):
        raise TypeError(
            f"Rng needs an Array API namespace for xp (numpy, torch, jax.numpy, ...), "
            f"got {short_repr(xp)}."
        )
    return xp


def is_numpy(xp: Any) -> bool:
    """Whether `xp` is NumPy."""
    return xp.__name__ in ("numpy", "array_api_compat.numpy")


def is_torch(xp: Any) -> bool:
    """Whether `xp` is PyTorch's namespace."""
    return bool(xp.__name__ == "array_api_compat.torch")


def is_jax(xp: Any) -> bool:
    """Whether `xp` is JAX's namespace."""
    return bool(xp.__name__ == "jax.numpy")


def is_traced(number: Any) -> bool:
    """Whether it is an integer of JAX that only a running program knows."""
    jax = sys.modules.get("jax")
    if jax is None or not isinstance(number, jax.core.Tracer):
        return False
    return bool(number.shape == () and jax.numpy.issubdtype(number.dtype, jax.numpy.integer))


def matmul(a: Any, b: Any, xp: Any) -> Any:
    """The product of matrices in full precision.

    JAX rounds factors to TF32 or bfloat16 on GPUs and TPUs unless told otherwise, product by
    product; PyTorch's switch belongs to the process, so its adapter turns it.
    """
    return xp.matmul(a, b, precision="highest") if is_jax(xp) else xp.matmul(a, b)


def is_contiguous(x: Any) -> bool:
    """Whether an array of NumPy or PyTorch lies in one run of memory, row by row."""
    return bool(x.flags.c_contiguous if isinstance(x, np.ndarray) else x.is_contiguous())


def device_of(x: Any, xp: Any) -> Any:
    """The device of `x`, for new arrays beside it; None for JAX, whose traced arrays have none."""
    return None if is_jax(xp) else x.device


def is_accelerator(device: Any) -> bool:
    """Whether a device of PyTorch is no CPU."""
    return getattr(device, "type", "cpu") not in ("cpu", "meta")


def on_host(xp: Any, device: Any) -> bool:
    """Whether NumPy may fill the array: it is NumPy's, or an untraced CPU tensor of PyTorch."""
    if is_numpy(xp):
        return True
    if not is_torch(xp):
        return False
    torch = sys.modules["torch"]
    if torch.compiler.is_compiling():
        return False
    if device is None:
        device = torch.get_default_device()
    found = device if isinstance(device, torch.device) else torch.device(device)
    return bool(found.type == "cpu")
