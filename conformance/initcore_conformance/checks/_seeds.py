"""Seeds: another seed is another draw."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.invariants import SIGMAS, Haar, HasLaw

from .._backend import seed_bits
from .._case import Case, Failure, draw, reference
from .._strategies import large_cases
from ._check import Check, numbers

__all__ = ["Seeds"]


class Seeds(Check, id_="seeds", title="seeds", examples=2):
    """Each bit of the seed changes the draw; draws of two seeds are uncorrelated."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        return None if spec.random else "not random"

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [large_cases(backend, spec)]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        call = case.call(spec)
        a = numbers(draw(backend, spec, case))
        for seed in self._others(case.seed, 1 << seed_bits(backend)):
            other = case.call(spec, seed=seed)
            b = numbers(draw(backend, spec, case, seed=seed))
            if (a == b).all():
                if (reference(spec, case) == reference(spec, case, seed=seed)).all():
                    return None  # these parameters leave nothing to chance
                return Failure(
                    f"seeds {case.seed} and {seed} give the same values", "different values", "",
                    f"{call} == {other}",
                )  # fmt: skip
            if not any(isinstance(i, (HasLaw, Haar)) for i in spec.invariants):
                continue
            a0, b0 = self._centred(a), self._centred(b)
            n = max(1, int(np.count_nonzero(a0)))
            if n < 100:
                continue
            # Uncorrelated entries, Haar's too: the cosine has standard deviation 1/sqrt(n).
            cosine = float((a0 * b0).sum() / math.sqrt((a0**2).sum() * (b0**2).sum()))
            allowed = SIGMAS / math.sqrt(n)
            if not abs(cosine) <= allowed:
                return Failure(
                    f"correlation {cosine:.3g} between seeds {case.seed} and {seed}",
                    "uncorrelated values", f"{allowed:.2g}", f"{call} and {other}",
                )  # fmt: skip
        return None

    @staticmethod
    def _others(seed: int, limit: int) -> list[int]:
        """Seeds that differ from this one in one bit: the lowest, the highest, two between."""
        return [seed ^ (1 << bit) for bit in (0, *range(limit.bit_length() - 2, 0, -21))]

    @staticmethod
    def _centred(a: Any) -> Any:
        """`a` less its mean where there is one: the taps that are 0 stay so."""
        used = a != 0
        return np.where(used, a - a[used].mean(), 0) if used.all() else a
