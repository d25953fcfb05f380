"""What complex arrays need beside real ones."""

from typing import Any

from ._dtype import is_complex

__all__ = ["conjugate"]


def conjugate(x: Any, xp: Any) -> Any:
    """The complex conjugate; a real array as it is."""
    return xp.conj(x) if is_complex(x.dtype) else x
