"""Invariants of single entries: their value, their bounds, where zeros stand."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import eps, to_numpy
from ._independent import complex_violation, law_violation, standard_law
from ._statistics import SIGMAS, parts, rounding

__all__ = ["Bounded", "ColumnSparse", "Filled"]


@dataclass(frozen=True)
class Filled:
    """Every element is one value.

    Args:
        value: The value; None for the parameter `value`.
    """

    value: float | None = None

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        wanted = parameters["value"] if self.value is None else self.value
        a = to_numpy(w)
        allowed = abs(wanted) * rounding(w) if math.isfinite(wanted) else 0.0
        with np.errstate(invalid="ignore"):  # of infinities, which are equal or not
            wrong = ~((a == wanted) | (abs(a - wanted) <= allowed))
        if wrong.any():
            return f"{wrong.sum()} of {a.size} elements are not {wanted:g}, e.g. {a[wrong][0]!r}"
        return None

    def __str__(self) -> str:
        return f"every element is {'`value`' if self.value is None else f'{self.value:g}'}"


@dataclass(frozen=True)
class Bounded:
    """Every element lies between `low` and `high` (in standard deviations, if there is a mean)."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        mean, std = parameters.get("mean", 0.0), parameters.get("std", 1.0)
        low, high = (mean + std * parameters[end] for end in ("low", "high"))
        a = parts(to_numpy(w).reshape(-1))
        # Ends are rounded to the dtype, as the elements are; one may be infinite.
        below, above = (
            4 * rounding(w) * (abs(mean) + abs(end)) if math.isfinite(end) else 0.0
            for end in (low, high)
        )
        if a.size and (a.min() < low - below or a.max() > high + above):
            return f"elements span [{a.min():.8g}, {a.max():.8g}], allowed [{low:.8g}, {high:.8g}]"
        return None

    def __str__(self) -> str:
        return "every element lies between `low` and `high`"


@dataclass(frozen=True)
class ColumnSparse:
    """Every column has `ceil(sparsity * out)` zeros, placed at random, normal entries elsewhere."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = to_numpy(w)
        groups = parameters.get("groups", 1)  # several draws put together
        out, in_ = a.shape[0] // groups, a.shape[1] * groups
        a = a.reshape(groups, out, -1).swapaxes(0, 1).reshape(out, in_)
        wanted = -int(-parameters["sparsity"] * out // 1)
        zeros = (a == 0).sum(axis=0)
        if parameters["std"] > 0 and (zeros != wanted).any():
            return f"columns have {zeros.min()} to {zeros.max()} zeros, should be {wanted}"
        if 0 < wanted < out and in_ > 1:
            # Zeros of a row are Binomial(in, wanted / out): their spread shows repeated places.
            rows = (a == 0).sum(axis=1)
            share = wanted / out
            limit = in_ * share + SIGMAS * math.sqrt(in_ * share * (1 - share)) + 10
            if parameters["std"] > 0 and rows.max() > limit:
                return f"a row has {rows.max()} zeros of {in_}, at most {limit:.0f} is believable"
        kept = a[a != 0] / parameters["std"] if parameters["std"] > 0 else a[:0]
        if np.iscomplexobj(a):
            return complex_violation(kept, "normal", 0.0, 1.0, w.dtype) if kept.size else None
        return law_violation(kept, *standard_law("normal", 0.0, 0.0), eps(w.dtype))

    def __str__(self) -> str:
        return "every column has ceil(sparsity * out) zeros; the others are normal"
