"""The random stream: one integer seed, the same numbers in every framework.

Element `i` of a draw is a function of the key and of `i` alone (Threefry-2x32 in counter mode,
the layout JAX calls partitionable), so `Rng(s).normal(shape)` is
`jax.random.normal(jax.random.key(s), shape)`, on every device and under every sharding.
"""

import hashlib
import math
import operator
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Generic, overload

import numpy as np

from ..arguments import as_shape, for_rng, key_of_seed, short_repr
from ..arrays import (
    Array,
    Namespace,
    Shape,
    dtype_name,
    is_complex,
    is_traced,
    namespace,
    on_host,
    real_of,
    resolve,
)  # fmt: skip
from ._bits import WORDS
from ._blocks import blocks, scalars, unsigned, words_of
from ._complex import complex_normal, complex_uniform
from ._distribution import Distribution, cached_normal, cached_uniform
from ._draw import draw, draw_windows
from ._fill import fill
from ._integers import draw_integers, draw_permutations
from ._threefry import PythonWords, threefry2x32
from ._windows import Window, as_ends, check_window

__all__ = ["Rng", "check_rng"]

LARGEST = tuple(float(np.finfo(kind).max) for kind in (np.float32, np.float64))


def check_rng(who: str, rng: Any) -> None:
    """Raise a `TypeError` unless `rng` is an `Rng`."""
    if not isinstance(rng, Rng):
        raise TypeError(
            f"{who} needs an initcore.Rng as its first argument, got {type(rng).__name__}"
            + for_rng(rng)
        )


class Rng(Generic[Array]):
    """An immutable random key with the namespace, dtype and device of what it draws.

    Every method is pure: the same `Rng` and arguments give the same values. To draw twice, derive
    keys with `fold_in` or `split`.

    Every draw takes `start` and `strides`, in elements: the value at `(i, j, ...)` is element
    `start + i * strides[0] + j * strides[1] + ...` of the stream, so any rectangular part of a
    larger array can be drawn alone, as a shard needs. By default it is the whole array.

    Draws of real numbers take `out`, a NumPy array or PyTorch tensor of the draw's shape and dtype:
    the numbers are written into it, and it is returned.

    Args:
        seed: Integer, `0 <= seed < 2**64`.
        xp: Array API namespace of the results: `numpy`, `torch`, `jax.numpy`, ...
        dtype: Floating dtype of the results. float16 and bfloat16 are drawn in float32 and
            rounded once. Of complex64 and complex128 normal and uniform numbers are drawn, with
            independent real and imaginary parts: of half the variance each, or uniform each.
        device: Device of the results, as the namespace names it.

    Raises:
        TypeError: The seed is no integer, or the dtype is not a floating one.
        ValueError: The seed is out of range.

    >>> rng = Rng(0)
    >>> whole = rng.normal((4, 6))
    >>> part = rng.normal((4, 2), start=3, strides=(6, 1))
    >>> bool((whole[:, 3:5] == part).all())
    True
    """

    __slots__ = ("device", "dtype", "key", "window", "xp")

    key: tuple[Any, Any]
    xp: Any
    dtype: Any
    device: Any
    window: tuple[tuple[int, ...], tuple[int, ...], int, tuple[int, ...]] | None

    @overload
    def __init__(
        self: "Rng[np.ndarray[Any, Any]]", seed: int, *, dtype: Any = ..., device: Any = ...
    ) -> None: ...

    @overload
    def __init__(
        self, seed: int, *, xp: Namespace[Array], dtype: Any = ..., device: Any = ...
    ) -> None: ...

    @overload
    def __init__(
        self: "Rng[Any]", seed: int, *, xp: Any, dtype: Any = ..., device: Any = ...
    ) -> None: ...

    def __init__(
        self, seed: int, *, xp: Any = np, dtype: Any = "float32", device: Any = None
    ) -> None:
        self._set(key_of_seed(seed), namespace(xp), dtype, device)

    def _set(self, key: tuple[Any, Any], xp: Any, dtype: Any, device: Any) -> None:
        for name, value in (
            ("key", key),
            ("xp", xp),
            ("dtype", resolve(xp, dtype, device=device)),
            ("device", device),
            ("window", None),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_key(
        cls,
        key: tuple[Any, Any],
        *,
        xp: Any = np,
        dtype: Any = "float32",
        device: Any = None,
    ) -> "Rng":
        """The `Rng` of two 32-bit key words: integers, or 0-d arrays of `xp` (traced ones too).

        Arrays are `uint32`, for PyTorch `int32`.
        """
        rng = object.__new__(cls)
        rng._set((key[0], key[1]), namespace(xp), dtype, device)
        return rng

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("an Rng is immutable; derive another with fold_in, split or astype.")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __reduce__(self) -> Any:
        if self.xp is not np:
            raise TypeError(f"only an Rng of NumPy can be pickled, this one is {self!r}.")
        return _unpickle, (self.key, dtype_name(self.dtype))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rng):
            return NotImplemented
        mine = (self.key, self.xp, self.dtype, self.device)
        return bool(mine == (other.key, other.xp, other.dtype, other.device))

    def __hash__(self) -> int:
        return hash((self.key, self.xp.__name__, dtype_name(self.dtype)))

    def __repr__(self) -> str:
        words = " ".join(f"{k:08x}" if isinstance(k, int) else "traced" for k in self.key)
        return f"Rng(<{words}>, xp={self.xp.__name__}, dtype={dtype_name(self.dtype)})"

    def astype(self, dtype: Any) -> "Rng[Array]":
        """The same key, drawing `dtype`."""
        return self._derived(self.key, dtype)

    def within(
        self, whole: tuple[int, ...], shape: tuple[int, ...], start: int, strides: tuple[int, ...]
    ) -> "Rng[Array]":
        """An `Rng`, with all derived from it, that draws a part alone of every draw of a shape.

        Args:
            whole: The shape of which only a part is drawn.
            shape: Of the part.
            start, strides: Its window, as the draws take them.
        """
        rng = self._derived(self.key, self.dtype)
        object.__setattr__(rng, "window", (whole, shape, start, strides))
        return rng

    def _derived(self, key: tuple[Any, Any], dtype: Any) -> "Rng[Array]":
        rng: Rng[Array] = Rng.from_key(key, xp=self.xp, dtype=dtype, device=self.device)
        object.__setattr__(rng, "window", self.window)
        return rng

    @property
    def real(self) -> "Rng[Array]":
        """The same key, drawing real numbers of the same precision."""
        return self.astype(real_of(self.dtype)) if is_complex(self.dtype) else self

    def fold_in(self, data: int | str) -> "Rng[Array]":
        """The key derived from this one and an integer `0 <= data < 2**32`, or any string.

        A traced key takes a traced `uint32`, too.
        """
        if not self._concrete and is_traced(data):
            return self._fold(data)
        if isinstance(data, str):
            digest = int.from_bytes(hashlib.blake2b(data.encode(), digest_size=8).digest(), "big")
            return self._fold(digest >> 32)._fold(digest & 0xFFFFFFFF)
        if isinstance(data, (bool, np.bool_)) or not hasattr(data, "__index__"):
            raise TypeError(f"Rng.fold_in needs an integer or a string, got {short_repr(data)}.")
        data = operator.index(data)
        if not 0 <= data < 1 << 32:
            raise ValueError(f"Rng.fold_in needs 0 <= data < 2**32, got {short_repr(data)}.")
        return self._fold(data)

    def split(self, n: int) -> tuple["Rng[Array]", ...]:
        """`n` keys, the `i`-th of them `fold_in(i)`."""
        if isinstance(n, (bool, np.bool_)) or not hasattr(n, "__index__"):
            raise TypeError(f"Rng.split needs an integer, got {short_repr(n)}.")
        count = operator.index(n)
        if not 0 <= count <= 1 << 32:
            raise ValueError(f"Rng.split needs 0 <= n <= 2**32, got {short_repr(count)}.")
        return tuple(self.fold_in(i) for i in range(count))

    def _fold(self, data: Any) -> "Rng[Array]":
        if self._concrete:
            key = threefry2x32(PythonWords(), self.key, 0, data)
        else:
            traced = is_traced(data)
            counters = (data * 0, data) if traced else scalars((0, data), self.xp, self.device)
            key = threefry2x32(words_of(self.xp), self.key, *counters)
        return self._derived(key, self.dtype)

    def bits(
        self,
        shape: Shape,
        *,
        width: int = 32,
        start: int = 0,
        strides: tuple[int, ...] | None = None,
    ) -> Array:
        """Uniform random words: an array of `shape`, `uint32` or (`width=64`) `uint64`."""
        if not isinstance(width, int) or width not in (32, 64):
            raise ValueError(f"Rng.bits needs width 32 or 64, got {short_repr(width)}.")
        sizes, xp = as_shape(shape), self.xp
        check_window(sizes, start, strides)
        if self._host:
            words = np.empty(sizes, WORDS[width].dtype)
            fill(self.key, [Window(sizes, start, strides)], WORDS[width], words)
            return self._from_host(words)
        b0, b1 = blocks(self.key, sizes, start, strides, xp=xp, device=self.device)
        if width == 32:
            return unsigned(b0 ^ b1, xp)
        high, low = (xp.astype(unsigned(b, xp), xp.uint64) for b in (b0, b1))
        return (high << 32) | low

    def uniform(
        self,
        shape: Shape,
        low: float = 0.0,
        high: float = 1.0,
        *,
        factor: float = 1.0,
        start: int = 0,
        strides: tuple[int, ...] | None = None,
        out: Array | None = None,
    ) -> Array:
        """Numbers uniform on `[low, high)`, 2**23 equidistant ones (float64: 2**52), each times
        `factor`. Both parts of complex numbers are such numbers.
        """
        low, high = as_ends("uniform", low, high)
        most = LARGEST[self._double]
        if not (-most <= low <= high <= most and high - low <= most):
            raise ValueError(
                f"Rng.uniform needs finite low <= high, "
                f"got {short_repr(low)} and {short_repr(high)}."
            )
        if is_complex(self.dtype):
            sizes = as_shape(shape)
            return complex_uniform(self, sizes, low, high, factor, start, strides, out)
        make = cached_uniform if self._eager else Distribution.uniform
        numbers = make(low, high, dtype_name(self.dtype), factor)
        return draw(self, numbers, as_shape(shape), start, strides, out)

    def normal(
        self,
        shape: Shape,
        *,
        mean: float = 0.0,
        std: float = 1.0,
        start: int = 0,
        strides: tuple[int, ...] | None = None,
        out: Array | None = None,
    ) -> Array:
        """Normal numbers of the given mean and standard deviation."""
        if is_complex(self.dtype):
            return complex_normal(self, as_shape(shape), mean, std, start, strides, out)
        make = cached_normal if self._eager else Distribution.normal
        numbers = make(-math.inf, math.inf, dtype_name(self.dtype), std, mean)
        return draw(self, numbers, as_shape(shape), start, strides, out)

    def normals(
        self,
        windows: Sequence[tuple[tuple[int, ...], int, tuple[int, ...]]],
        out: Array | None = None,
    ) -> Iterator[Array]:
        """`normal(shape, start=start, strides=strides)` for each window, in order.

        On the host they are drawn at once, on all cores; elsewhere each is drawn when the iterator
        reaches it. With `out`, a flat array of the host, they are drawn there, the last window
        first, and each is copied when the iterator reaches it.
        """
        return draw_windows(self, windows, out)

    def truncated_normal(
        self,
        shape: Shape,
        low: float = -2.0,
        high: float = 2.0,
        *,
        mean: float = 0.0,
        std: float = 1.0,
        start: int = 0,
        strides: tuple[int, ...] | None = None,
        out: Array | None = None,
    ) -> Array:
        """`mean + std * z`, `z` standard normal given that it lies in the open interval
        `(low, high)`.
        """
        self._check_real("truncated_normal")
        low, high = as_ends("truncated_normal", low, high)
        if not low < high:
            raise ValueError(
                f"Rng.truncated_normal needs low < high, "
                f"got {short_repr(low)} and {short_repr(high)}."
            )
        make = cached_normal if self._eager else Distribution.normal
        numbers = make(low, high, dtype_name(self.dtype), std, mean)
        if not numbers.span:
            raise ValueError(
                "Rng.truncated_normal needs an interval whose probability is not lost in rounding, "
                f"got {short_repr(low)} to {short_repr(high)}."
            )
        return draw(self, numbers, as_shape(shape), start, strides, out)

    def signs(
        self, shape: Shape, *, start: int = 0, strides: tuple[int, ...] | None = None
    ) -> Array:
        """+1 or -1 with probability one half each, in the `Rng`'s dtype, a complex one's parts'."""
        u: Any = self.real.uniform(shape, start=start, strides=strides)
        one = self.xp.ones_like(u)
        return self.xp.where(u < 0.5, one, -one)

    def integers(self, shape: Shape, low: int, high: int) -> Array:
        """Integers uniform on `low, ..., high - 1`, as `int32`.

        As in JAX, two 32-bit words a number: up to a span of `2**16` no value's probability is off
        by more than `2**-48` of it, above that by `span * 2**-32`.
        """
        low, high = operator.index(low), operator.index(high)
        if not (-(1 << 31) <= low < high <= (1 << 31) - 1):
            raise ValueError(
                "Rng.integers needs -2**31 <= low < high < 2**31, "
                f"got {short_repr(low)} and {short_repr(high)}."
            )
        return draw_integers(self, as_shape(shape), low, high)

    def permutation(self, shape: Shape, *, first: int = 0, of: int | None = None) -> Array:
        """Random orders of `0, ..., n - 1` along the last axis of `(..., n)`, as `int32`.

        They are the orders `first, first + 1, ...` of `permutation((of, n))`; by default all.
        """
        sizes = as_shape(shape)
        if not sizes:
            raise ValueError("Rng.permutation needs a shape of at least one axis, got ().")
        if sizes[-1] > 1 << 31:
            raise ValueError(
                f"Rng.permutation orders at most 2**31 numbers, int32 ones, "
                f"got {short_repr(sizes[-1])}."
            )
        count = math.prod(sizes[:-1])
        whole = first + count if of is None else of
        if not 0 <= first <= whole - count:
            raise ValueError(
                f"Rng.permutation needs {count} orders of {short_repr(whole)}, "
                f"got first={short_repr(first)}."
            )
        return draw_permutations(self, sizes, first, whole)

    def _check_real(self, method: str) -> None:
        if is_complex(self.dtype):
            raise TypeError(
                f"Rng.{method} draws real numbers, got dtype {dtype_name(self.dtype)}; "
                "Rng.normal and Rng.uniform draw complex ones."
            )

    @property
    def _double(self) -> bool:
        return dtype_name(self.dtype) == "float64"

    @property
    def _concrete(self) -> bool:
        return isinstance(self.key[0], int)

    @property
    def _eager(self) -> bool:
        """Whether no compiler of Python follows, which would not know of caches."""
        torch = sys.modules.get("torch") if self._concrete else None
        return self._concrete and (torch is None or not torch.compiler.is_compiling())

    @property
    def _host(self) -> bool:
        return self._concrete and on_host(self.xp, self.device)

    def _on_numpy(self) -> "Rng":
        return Rng.from_key(self.key)

    def _from_host(self, x: Any) -> Any:
        """An array that NumPy made, bfloat16 as `uint16`, as one of the namespace."""
        half = x.dtype == np.uint16
        if self.xp is np:
            return x.view(self.dtype) if half else x
        x = self.xp.asarray(x, device=self.device)
        return x.view(self.dtype) if half else x


def _unpickle(key: tuple[int, int], dtype: str) -> Rng:
    return Rng.from_key(key, dtype=dtype)
