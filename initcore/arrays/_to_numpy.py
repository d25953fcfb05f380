"""Arrays of any framework as NumPy's."""

from typing import Any

import numpy as np

from ._dtype import dtype_name, is_complex

__all__ = ["to_numpy"]


def to_numpy(w: Any) -> Any:
    """`w` of any framework as a float64 NumPy array, or as a complex128 one."""
    if is_complex(w.dtype):
        w = w.detach().cpu().resolve_conj().numpy() if hasattr(w, "detach") else w
        return np.asarray(getattr(w, "_array", w)).astype(np.complex128)
    if hasattr(w, "detach"):
        w = w.detach().cpu().double()
    elif dtype_name(w.dtype) == "bfloat16" and not isinstance(w, np.ndarray):
        w = np.asarray(w, dtype=np.float32)
    elif hasattr(w, "_array"):
        w = w._array  # array_api_strict converts only on its own CPU device
    return np.asarray(w).astype(np.float64)
