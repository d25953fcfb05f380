"""The compiled draws of the folder `native`, if this installation has them.

A build compiles them where it finds a C compiler; without them NumPy draws the same numbers. The
library is loaded at the first draw, by `ctypes`, which lets other threads run meanwhile.
"""

import ctypes
import functools
import hashlib
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._erfinv import DOUBLE, SINGLE, turned
from ._log import LOG
from ._windows import Window

__all__ = ["Numbers", "constants_of", "digest", "is_compiled", "library", "native_draw",
           "numbers_of", "typed"]  # fmt: skip

FOLDER = Path(__file__).with_name("native")
LIBRARY = {"win32": "stream.dll", "darwin": "stream.dylib"}.get(sys.platform, "stream.so")
KINDS = ("bits32", "bits64", "float16", "bfloat16", "float32", "float64")
SIZES = (4, 8, 2, 2, 4, 8)  # bytes


class Numbers(ctypes.Structure):
    """`struct numbers` of native/stream.h."""

    _fields_ = [
        *((name, ctypes.c_double) for name in
          ("low", "span", "edge", "first", "last", "scale", "shift")),
        *((name, ctypes.c_int32) for name in ("kind", "dyadic", "normal", "ends")),
    ]  # fmt: skip


def digest() -> str:
    """Of the C source; a library says which source it was compiled from."""
    found = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.[ch]")):
        found.update(path.read_bytes())
    return found.hexdigest()


def is_compiled() -> bool:
    """Whether this installation has compiled draws."""
    return library() is not None


@functools.cache
def library() -> Any:
    """The compiled library, or None where there is none of this source."""
    try:
        found = typed(ctypes.CDLL(str(FOLDER / LIBRARY)))
    except (OSError, AttributeError):
        return None
    return found if found.initcore_digest().decode() == digest() else None


def typed(found: Any) -> Any:
    """A library with the types of its functions."""
    found.initcore_digest.restype = ctypes.c_char_p
    pointer, word, long = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64
    draw = found.initcore_draw
    draw.restype = None
    draw.argtypes = [pointer] * 3 + [word] * 2 + [pointer] + [long] * 4 + [pointer]
    frames = found.initcore_frames
    frames.restype = None
    frames.argtypes = [pointer] * 3 + [word] * 2 + [pointer] + [long] * 4 + [pointer] * 2
    return found


def numbers_of(kind: str, **fields: float) -> Numbers:
    """`struct numbers` of a kind of `KINDS`; fields that are not given are 0."""
    return Numbers(kind=KINDS.index(kind), **fields)


def native_draw(
    key: tuple[int, int], windows: Sequence[Window], numbers: Numbers, out: int
) -> Callable[[int, int], None]:
    """`run(begin, end)`, which writes these elements of the windows to their place after `out`.

    `out` is an address. The windows are drawn one after another.
    """
    width = 5 + 2 * max(len(window.rows) for window in windows)
    rows = [row for window in windows for row in window.table(width)]
    table = (ctypes.c_uint64 * len(rows))(*rows)
    draw, size, how = library().initcore_draw, SIZES[numbers.kind], constants_of(numbers)

    def run(begin: int, end: int) -> None:
        draw(*how, *key, table, len(windows), width, begin, end, out + size * begin)

    return run


def constants_of(numbers: Numbers) -> tuple[Any, Any, Any]:
    """What compiled code takes first: the distribution, and the constants of each precision."""
    return ctypes.byref(numbers), _constants("float32"), _constants("float64")


@functools.cache
def _constants(dtype: str) -> Any:
    """`struct single` or `struct twofold` of native/stream.h."""
    kind, pieces = (np.float32, SINGLE) if dtype == "float32" else (np.float64, DOUBLE)
    limits = [limit for limit, *_ in pieces[:-1]]
    shifts = [shift for _, shift, *_ in pieces]
    middle, *tails = (coefficients for *_, coefficients in pieces)
    how = LOG[dtype]
    parts = (how.series, how.ln2, [math.sqrt(2)], limits, shifts, turned(middle), *tails)
    flat = np.concatenate([np.asarray(part, kind) for part in parts])
    return ctypes.create_string_buffer(flat.tobytes())
