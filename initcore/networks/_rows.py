"""Assignments as the rows of a table."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ._assignment import Assignment, Piece

__all__ = ["HEAD", "plain", "rows", "scheme_text"]

HEAD = ("weight", "shape", "role", "initializer", "why")
SHOWN = ("gain", "std", "scale", "density", "part", "base", "tau", "eps", "taps", "groups", "value")


def rows(
    assignments: Sequence[Assignment], scales: Mapping[str, float] | None = None,
    unscaled: Collection[str] = (),
) -> list[tuple[str, str, str, str, str]]:  # fmt: skip
    """Path, shape, role, what it gets, why.

    Args:
        assignments: A row each.
        scales: Factors of kernels, by path.
        unscaled: Paths of the kernels that should have been scaled.
    """
    scales, found = scales or {}, []
    for a in assignments:
        path, p = a.weight.path, a.weight.parameter
        shape = " x ".join(map(str, p.shape)) or "scalar"
        got = "left alone" if a.name is None else f"{a.name}({_given(a.parameters)})"
        if a.pieces:
            got = "; ".join(map(_piece, a.pieces))
        if path in scales:
            got += f" times {scales[path]:.4g}"
        role = a.weight.role + (" (by name)" if a.weight.by == "name" else "")
        end = "; not scaled, its layer cannot be watched" if path in unscaled else ""
        found.append((path, shape, role, got, a.why + end))
    return found


def _given(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={_short(v)}" for k, v in parameters.items()
                     if k in SHOWN and v is not None and (k, v) != ("groups", 1))  # fmt: skip


def scheme_text(scheme: Any) -> str:
    """`orthogonal`, `sparse_orthogonal(density=0.1)` or what else the user gave."""
    if isinstance(scheme, (tuple, list)) and len(scheme) == 2 and isinstance(scheme[1], Mapping):
        given = ", ".join(f"{k}={_short(v)}" for k, v in scheme[1].items())
        return f"{scheme[0]}({given})"
    return str(plain(scheme))


def _piece(piece: Piece) -> str:
    """`rows 0:32 orthogonal(gain=1)`."""
    where = ", ".join(f"{first}:{stop}" for first, stop in piece.rows[:3])
    where += ", ..." if len(piece.rows) > 3 else ""
    return f"rows {where} {piece.name}({_given(piece.parameters)})"


def _short(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def plain(value: Any) -> Any:
    """What JSON can hold of a value: itself, or a name."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return getattr(value, "__name__", str(value))
