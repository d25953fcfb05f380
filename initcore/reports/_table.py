"""Rows of text as an aligned table and as HTML."""

import shutil
import sys
from collections.abc import Sequence
from html import escape

from ._fold import Fold, Row, folded

__all__ = ["html", "text"]

NARROWEST = (12, 16)  # columns of a cut cell, and of a cut path


def text(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Columns of equal width, two spaces apart, with repeated blocks told once.

    Args:
        head: Names of the columns; the first one has paths.
        rows: A cell for each.
        width: Columns of the screen, to which cells are cut; by default the terminal's, and no
            limit where the output is no terminal.
    """
    if width is None and sys.stdout is not None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    lines = _lines(folded(head, [tuple(row) for row in rows]), "")
    cells = [tuple(head), *(line for line in lines if isinstance(line, tuple))]
    widths = _fitted([max(len(row[i]) for row in cells) for i in range(len(head))], width)
    shown = []
    for line in (tuple(head), *lines):
        if isinstance(line, str):
            shown.append(line if width is None else _cut(line, width))
            continue
        one = [_cut_left(line[0], widths[0]), *map(_cut, line[1:], widths[1:])]
        shown.append("  ".join(c.ljust(w) for c, w in zip(one, widths, strict=True)).rstrip())
    return "\n".join(shown)


def _lines(items: Sequence[Row | Fold], indent: str) -> list[Row | str]:
    """Rows, and titles of folds as strings."""
    found: list[Row | str] = []
    for item in items:
        if isinstance(item, Fold):
            found += [f"{indent}{item.title}", *_lines(item.rows, indent + "  ")]
        else:
            found.append((indent + (item[0].lstrip("./") if indent else item[0]), *item[1:]))
    return found


def _fitted(widths: list[int], most: int | None) -> list[int]:
    """The widths, cut from the last column on until the table is at most so wide."""
    if most is None:
        return widths
    for i, least in [
        *((i, NARROWEST[0]) for i in range(len(widths) - 1, 0, -1)),
        (0, NARROWEST[1]),
    ]:
        over = sum(widths) + 2 * (len(widths) - 1) - most
        widths[i] = min(widths[i], max(least, widths[i] - over)) if over > 0 else widths[i]
    for i in range(len(widths) - 1, 0, -1):  # what is still too wide has no room at all
        if sum(widths) + 2 * (len(widths) - 1) > most:
            widths[i] = 0
    return widths


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: max(width - 1, 0)] + "…" * (width > 0)


def _cut_left(path: str, width: int) -> str:
    return path if len(path) <= width else "…" + path[len(path) - width + 1 :]


def html(head: Sequence[str], rows: Sequence[Sequence[str]], titles: Sequence[str] = ()) -> str:
    """A table element, with repeated blocks told once; end tags that HTML can do without are left.

    Args:
        head: Names of the columns; the first one has paths.
        rows: A cell for each.
        titles: What a reader sees over each column.
    """
    said = dict(zip(head, titles, strict=False))
    about = [f' title="{escape(said[h])}"' if h in said else "" for h in head]
    top = "".join(f'<th scope="col"{told}>{escape(h)}' for h, told in zip(head, about, strict=True))
    items = folded(head, [tuple(row) for row in rows])
    return (
        f'<div class="wide"><table><thead><tr>{top}</thead><tbody>'
        + "".join(_rows(items, "", len(head)))
        + "</tbody></table></div>"
    )


def _rows(items: Sequence[Row | Fold], before: str, columns: int) -> list[str]:
    found = []
    for item in items:
        if isinstance(item, Fold):
            title = escape(before + item.title)
            found.append(f'<tr class="fold"><th colspan="{columns}" scope="rowgroup">{title}')
            found += _rows(item.rows, before + item.pattern, columns)
        else:
            found.append("<tr><td>" + "<td>".join(escape(c) for c in (before + item[0], *item[1:])))
    return found
