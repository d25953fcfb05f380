"""Full precision for float32 matrix products, whatever precision the process has chosen."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import torch

from ._tracing import constant_while_tracing

__all__ = ["full_precision", "is_reduced"]

# Values of the switches that do not round factors to TF32 or bfloat16.
EXACT = frozenset(("none", "ieee", "highest"))
# One switch per library; PyTorch before 2.9 has a single one.
LIBRARIES: tuple[Any, ...] = tuple(
    library
    for library in (torch.backends.cuda.matmul, getattr(torch.backends.mkldnn, "matmul", None))
    if hasattr(library, "fp32_precision")
)

_lock = threading.Lock()
_inside = 0  # threads that need full precision now
_before: list[str] = []  # what the first of them found and the last one puts back


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Full precision for the process until the last thread that needs it is done."""
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = _read()
            if _reduces(_before):
                _write(["ieee" if LIBRARIES else "highest"] * len(_before))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _reduces(_before):
                _write(_before)


@constant_while_tracing
def is_reduced() -> bool:
    """Whether float32 products are rounded now; `torch.compile` asks while tracing."""
    return _reduces(_read())


def _reduces(switches: list[str]) -> bool:
    return not EXACT.issuperset(switches)


def _read() -> list[str]:
    if LIBRARIES:
        return [library.fp32_precision for library in LIBRARIES]
    return [torch.get_float32_matmul_precision()]


def _write(values: list[str]) -> None:
    if not LIBRARIES:
        torch.set_float32_matmul_precision(values[0])
    for library, value in zip(LIBRARIES, values, strict=False):
        library.fp32_precision = value
