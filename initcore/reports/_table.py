"""Rows of text as an aligned table and as HTML."""

from collections.abc import Sequence
from html import escape

__all__ = ["html", "text"]


def text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, two spaces apart."""
    table = [tuple(head), *map(tuple, rows)]
    widths = [max(len(r[i]) for r in table) for i in range(len(head))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in table
    )


def html(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table element."""
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in r) + "</tr>" for r in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
