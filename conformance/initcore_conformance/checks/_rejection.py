"""Bad input raises one clear sentence, and never returns."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from initcore import Spec
from initcore.arrays import COMPLEX
from initcore.spec import Choice, Domain, Integer, Real

from .._backend import beyond, seed_bits
from .._case import Case, Failure, draw
from ._check import Check, sizes

__all__ = ["Rejection", "bad_inputs"]

LONGEST = 500  # characters of an error text


def bad_values(domain: Domain) -> Iterator[Any]:
    """Values outside the domain, of the wrong type or the wrong size."""
    yield from (None, 1j, {})
    if isinstance(domain, Choice):
        yield from ("no_such_choice", 1)
        return
    yield from ("1", math.nan, True)
    if isinstance(domain, Integer):
        yield from (domain.low - 1, domain.low + 0.5)
    elif isinstance(domain, Real):
        if domain.finite:
            yield from (math.inf, -math.inf)
        if math.isfinite(domain.low):
            yield domain.low if domain.open_low else domain.low - 1.0
        if math.isfinite(domain.high):
            yield domain.high if domain.open_high else domain.high + 1.0


def bad_shapes(spec: Spec, parameters: Mapping[str, Any]) -> Iterator[tuple[int, ...]]:
    """Shapes of too few or too many axes, and some that break the rule's further condition."""
    rule = spec.shape
    if rule.low > 0:
        yield (2,) * (rule.low - 1)
    if rule.high is not None:
        yield (2,) * (rule.high + 1)
    if rule.condition is not None:
        for shape in ((3, 3), (2, 3), (3, 2), (2, 1), (2, 2, 3, 2), (2, 2, 2, 3)):
            try:
                spec.check(shape, parameters)
            except ValueError:
                yield shape


def bad_inputs(
    spec: Spec, case: Case, seeds: int, allowed: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is wrong, and the arguments that make the valid `case` so.

    Args:
        seeds: One more than the largest seed.
        allowed: Arguments to leave alone.
    """
    for name, domain in spec.parameters.items():
        if isinstance(domain, (Real, Integer, Choice)) and name not in allowed:
            for value in bad_values(domain):
                yield f"{name}={value!r}", {name: value}
    yield "an unknown parameter", {"no_such_parameter": 1.0}
    if "shape" not in allowed:
        one = {"groups": 1} if spec.grouped and "groups" in case.parameters else {}
        for shape in bad_shapes(spec, {**case.parameters, **one}):
            yield f"shape {shape}", {"shape": shape, **one}
    if spec.grouped and case.shape and "groups" not in allowed:
        yield "groups that do not divide the outputs", {"groups": case.shape[0] + 1}
    if "dtype" not in allowed:
        for dtype in ("int32", "bool", "no_such_dtype", *([] if spec.complex_ else COMPLEX)):
            yield f"dtype {dtype}", {"dtype": dtype}
    if spec.random and "seed" not in allowed:
        for seed in (-1, seeds, 0.5, "0", [0]):
            yield f"seed {seed!r}", {"seed": seed}


class Rejection(Check, id_="rejection", title="reject", examples=2):
    """Bad parameters, shapes, dtypes and seeds raise one clear sentence, never a result."""

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        allowed = beyond(backend, spec.name)
        for what, change in bad_inputs(spec, case, 1 << seed_bits(backend), allowed):
            call = case.call(spec, **change)
            should = f"TypeError or ValueError for {what}"
            try:
                w = draw(backend, spec, case, **change)
            except (TypeError, ValueError) as error:
                text = str(error).strip()
                if not text or "\n" in text or len(text) > LONGEST:
                    return Failure(f"the error text {text[:200]!r}", "one sentence", "", call)
            except Exception as error:
                text = " ".join(str(error).split())[:200]
                return Failure(f"{type(error).__name__}: {text}", should, "", call)
            else:
                shape = sizes(w) if hasattr(w, "shape") else type(w).__name__
                return Failure(f"an array of shape {shape}", should, "", call)
        return None
