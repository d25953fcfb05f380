"""What existing weights look like, without their model: which initializer fits each."""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..reports import ByPath

__all__ = ["Audit", "TensorAudit", "audit"]

SIDE = 1024  # of a matrix up to which all singular values are computed
ROUNDED = 2.0**-7  # relative spread of an orthogonal matrix that was rounded to bfloat16
FEW = 256  # numbers, below which nothing is said of a distribution
DEVIATIONS = 5.0  # of an estimate, false alarm 6e-7
KURTOSIS = {"uniform": 1.8, "truncated_normal": 2.3655, "normal": 3.0}  # cut at 2 deviations


@dataclass(frozen=True)
class TensorAudit:
    """What is known of one tensor.

    Attributes:
        shape, dtype: As stored.
        std: Standard deviation of its numbers.
        zeros: Share of exact zeros.
        smallest, largest: Singular values of its matrix `(first axis, rest)`; None where that is
            no matrix, or a large one.
        like: The initializer that it looks like; empty if none fits.
        finite: Whether all numbers are.
        twin: Path of an earlier tensor with the same numbers; empty without one.
    """

    shape: tuple[int, ...]
    dtype: str
    std: float
    zeros: float
    smallest: float | None
    largest: float | None
    like: str
    finite: bool
    twin: str


class Audit(ByPath[TensorAudit]):
    """Findings on every tensor, by path.

    Args:
        entries: `(path, TensorAudit)` of each, in order.
    """

    HEAD = ("weight", "shape", "dtype", "std", "zeros", "singular values", "looks like")

    def rows(self) -> list[tuple[str, ...]]:
        """As text, a row a tensor."""
        found: list[tuple[str, ...]] = []
        for path, one in self.items():
            spectrum = "" if one.largest is None else f"{one.smallest:.3g} .. {one.largest:.3g}"
            like = one.like if one.finite else "NOT FINITE"
            found.append((path, " x ".join(map(str, one.shape)) or "scalar", one.dtype,
                          f"{one.std:.3g}", f"{one.zeros:.0%}", spectrum, like))  # fmt: skip
        return found

    @property
    def verdict(self) -> list[str]:
        """What is wrong; empty if all is well."""
        broken = [path for path, one in self.items() if not one.finite]
        twins = [f"{path} and {one.twin}" for path, one in self.items() if one.twin]
        found = []
        if broken:
            found.append(f"not finite: {_some(broken)}")
        if twins:
            found.append(f"the same numbers twice, by one seed for both or a tie: {_some(twins)}")
        return found

    @property
    def headline(self) -> str:
        """How many tensors and numbers there are, and the verdict."""
        numbers = sum(math.prod(one.shape) for one in self.values())
        told = "; ".join(self.verdict) or "all finite, no two kernels the same"
        return f"{len(self)} tensors, {numbers:,} numbers: {told}."

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {"verdict": self.verdict, "weights": {p: vars(one) for p, one in self.items()}}


def audit(tensors: Iterable[tuple[str, str, Any]]) -> Audit:
    """What each of some tensors looks like.

    Fans are counted both ways round, for a file does not say which axis has the outputs.

    Args:
        tensors: `(path, dtype, array)`; integers are left out.

    >>> from initcore import Rng, orthogonal
    >>> found = audit([("w", "float32", orthogonal(Rng(0), (8, 4), gain=2.0))])
    >>> found["w"].like, found.verdict
    ('orthogonal(gain=2)', [])
    """
    seen: dict[bytes, str] = {}
    found = []
    for path, dtype, array in tensors:
        if not np.issubdtype(array.dtype, np.floating):
            continue
        w = np.asarray(array, np.float64)
        finite = bool(np.isfinite(w).all())
        spectrum = _singular_values(w) if finite else None
        digest = hashlib.blake2b(w.tobytes(), digest_size=16).digest() + repr(w.shape).encode()
        varied = w.ndim > 1 and w.size > 1 and finite and bool((w != w.flat[0]).any())
        twin = seen.setdefault(digest, path) if varied else path
        low, high = (None, None) if spectrum is None else (spectrum[-1], spectrum[0])
        one = TensorAudit(
            shape=w.shape,
            dtype=dtype,
            std=float(w.std()) if finite and w.size else math.nan,
            zeros=float((w == 0).mean()) if w.size else 0.0,
            smallest=None if low is None else float(low),
            largest=None if high is None else float(high),
            like=_like(w, spectrum) if finite and w.size else "",
            finite=finite,
            twin="" if twin == path else twin,
        )
        found.append((path, one))
    return Audit(found)


def _singular_values(w: Any) -> Any:
    if w.ndim < 2 or not w.size or min(w.shape[0], w.size // w.shape[0]) > SIDE:
        return None
    return np.linalg.svd(w.reshape(w.shape[0], -1), compute_uv=False)


def _like(w: Any, spectrum: Any) -> str:
    """The simplest initializer that fits."""
    first = float(w.flat[0])
    if (w == first).all():
        return {0.0: "zeros()", 1.0: "ones()"}.get(first, f"constant({first:.4g})")
    if w.ndim == 2 and w.shape == (len(w),) * 2 and (w == np.eye(len(w))).all():
        return "identity()"
    if spectrum is not None and spectrum[0] - spectrum[-1] <= ROUNDED * spectrum[0]:
        return f"orthogonal(gain={spectrum.mean():.3g})"
    if w.ndim < 2 or w.size < FEW:
        return ""
    std = float(np.sqrt(np.square(w).mean()))
    kurtosis = float((w**4).mean() / std**4)
    error = DEVIATIONS * math.sqrt(24 / w.size)
    for kind, expected in KURTOSIS.items():
        if abs(kurtosis - expected) < min(error, 0.3):
            return _scaled(kind, std, w)
    return ""


def _scaled(kind: str, std: float, w: Any) -> str:
    """With the fans that the deviation fits, or the deviation itself."""
    space = math.prod(w.shape[2:])
    error = DEVIATIONS / math.sqrt(2 * w.size)
    pairs = [(w.shape[1] * space, w.shape[0] * space)]
    if w.ndim > 2:  # Keras and JAX have space first
        space = math.prod(w.shape[:-2])
        pairs.append((w.shape[-2] * space, w.shape[-1] * space))
    short = kind.removeprefix("truncated_")
    for fan in (fan for pair in pairs for fan in pair):
        for name, variance in (("he", 2.0), ("lecun", 1.0)):
            if abs(std * math.sqrt(fan / variance) - 1) < error:
                return f"{name}_{short}()"
        if kind == "uniform" and abs(std * math.sqrt(3 * fan) - 1) < error:
            return f"uniform, +-1/sqrt({fan}): PyTorch's default"
    if any(abs(std * math.sqrt(sum(pair) / 2) - 1) < error for pair in pairs):
        return f"glorot_{short}()"
    return f"{kind}(std={std:.3g})"


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
