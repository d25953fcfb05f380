"""PyTorch's warnings, treated apart for a while."""

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import Literal

__all__ = ["filtered"]

# `catch_warnings` puts back what it found: two threads in it could put back each other's filters.
_lock = threading.RLock()


@contextlib.contextmanager
def filtered(action: Literal["error", "ignore"], message: str) -> Iterator[None]:
    """Warnings that begin with `message` are ignored or raised meanwhile, one thread at a time."""
    with _lock, warnings.catch_warnings():
        warnings.filterwarnings(action, message=message)
        yield
