"""Nothing but the arguments counts, and nothing but the result is made."""

import copy
import random
from typing import Any

import numpy as np

from initcore import Spec

from .._backend import seed_bits
from .._case import Case, Failure, describe, draw
from ._check import Check, numbers

__all__ = ["Determinism", "Purity"]


class Determinism(Check, id_="determinism", title="repeat", examples=5):
    """The same seed gives the same values, bit for bit, whatever was drawn in between."""

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        first = numbers(draw(backend, spec, case))
        draw(backend, spec, case, seed=(case.seed + 1) % (1 << seed_bits(backend)))
        np.random.random()  # stirs the generators that others may lean on
        random.random()
        again = numbers(draw(backend, spec, case))
        if not np.array_equal(first, again, equal_nan=True):
            return Failure(
                f"{describe(first)}, then {describe(again)}", "the same values at each call", "",
                case.call(spec) + ", twice",
            )  # fmt: skip
        return None


class Purity(Check, id_="purity", title="pure", examples=4):
    """Arguments and earlier results keep their values; NumPy's global state is untouched."""

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        call, given = case.call(spec), copy.deepcopy(dict(case.parameters))
        state = np.random.get_state()[1].copy()  # type: ignore[index]
        w = draw(backend, spec, case)
        before = numbers(w)
        if (np.random.get_state()[1] != state).any():  # type: ignore[index]
            return Failure("NumPy's global generator was moved", "global state untouched", "", call)
        if dict(case.parameters) != given:
            return Failure(f"parameters became {dict(case.parameters)}", f"{given}", "", call)
        draw(backend, spec, case, seed=(case.seed + 1) % (1 << seed_bits(backend)))
        if not np.array_equal(numbers(w), before, equal_nan=True):
            return Failure(
                "a later call changed an earlier result", "results are separate", "", call
            )
        if isinstance(w, np.ndarray) and w.flags.writeable and w.size:
            w[...] = 7
            if not np.array_equal(numbers(draw(backend, spec, case)), before, equal_nan=True):
                return Failure(
                    "writing into a result changed the next", "results are separate", "", call
                )
        return None
