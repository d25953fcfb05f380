"""Compares a plan with a model, or with the part of one that is here."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ._assignment import Assignment
from ._drawing import draw
from ._plan import Plan

__all__ = ["difference", "fitted"]

# Frameworks draw normals that differ by 2e-6 and multiply matrices in orders of their own.
CLOSE = 1e-4  # of the root mean square of a weight; another seed differs by about 1


def fitted(plan: Plan, shapes: Mapping[str, tuple[int, ...]], who: str) -> Plan:
    """The plan of the weights with these shapes, under the paths that they have here.

    Args:
        plan: Of the whole model.
        shapes: Of the weights that are here, by path; some, where it is a stage of a pipeline.
        who: For errors.

    Raises:
        ValueError: A weight has another shape, is not planned, or none is here.
    """
    found: list[Assignment] = []
    used: set[str] = set()
    for a in plan.assignments:
        p = a.weight.parameter
        for path in dict.fromkeys((p.path, p.key or p.path, *p.aliases)):
            if path not in shapes or path in used:
                continue
            if tuple(shapes[path]) != tuple(p.shape):
                raise ValueError(
                    f"{who}: {path} is planned with shape {tuple(p.shape)}, and here it has "
                    f"{tuple(shapes[path])}; the plan is of another model."
                )
            used.add(path)
            here = dataclasses.replace(p, path=path)
            found.append(
                dataclasses.replace(a, weight=dataclasses.replace(a.weight, parameter=here))
            )
    strange = [path for path in shapes if path not in used]
    if strange or not found:
        shown = ", ".join(strange[:3]) + (", ..." if len(strange) > 3 else "")
        raise ValueError(
            f"{who}: the plan of {plan.model or 'another model'} says nothing of "
            f"{shown or 'this model, which has no weights'}; nothing has been written."
        )
    return dataclasses.replace(plan, assignments=tuple(found))


def difference(
    a: Assignment, seed: int, parts: Iterable[tuple[tuple[int, ...], Any, float]]
) -> str:
    """How the parts of a weight differ from what it was assigned; empty if they do not."""
    of, wide = (
        ("complex64", np.complex128) if a.weight.parameter.complex_ else ("float32", np.float64)
    )
    whole = np.asarray(draw(a, seed, dtype=of), dtype=wide)
    size = float(np.sqrt(np.mean(np.abs(whole) ** 2))) if whole.size else 0.0
    for offset, values, eps in parts:
        window = tuple(slice(o, o + n) for o, n in zip(offset, values.shape, strict=True))
        wanted = whole[window]
        error = np.abs(values - wanted)
        allowed = 2 * eps * np.abs(wanted) + CLOSE * size
        if values.size and not bool((error <= allowed).all()):
            return f"is not what the plan gives it: it differs by up to {np.nanmax(error):.2g}"
    return ""
