"""Tables of reports: repeated blocks told once, cut to the screen, nothing lost."""

import io
import sys

import pytest

from initcore.reports import Fold, folded, html, text

HEAD = ("weight", "shape", "role", "gain")


def blocks(n: int, *, odd: int | None = None, separator: str = ".") -> list[tuple[str, ...]]:
    rows = [("stem", "8 x 8", "first", "1")]
    for i in range(n):
        shape = "9 x 9" if i == odd else "8 x 8"
        rows.append((f"h.{i}.mlp{separator}weight", shape, "hidden", f"{1 + i}"))
        rows.append((f"h.{i}.mlp{separator}bias", "8", "bias", "0"))
    return rows


def test_two_blocks_are_told_and_three_are_folded() -> None:
    assert len(folded(HEAD, blocks(2))) == 5
    _, fold = folded(HEAD, blocks(3))
    assert isinstance(fold, Fold)
    assert fold.title == "h.0 to h.2: 3 blocks, alike but for gain"
    assert fold.rows == (
        (".mlp.weight", "8 x 8", "hidden", "1 to 3"),
        (".mlp.bias", "8", "bias", "0"),
    )


def test_a_block_of_another_shape_stands_by_itself() -> None:
    found = folded(HEAD, blocks(9, odd=4))
    titles = [x.title for x in found if isinstance(x, Fold)]
    assert titles == ["h.0 to h.3: 4 blocks, alike but for gain",
                      "h.5 to h.8: 4 blocks, alike but for gain"]  # fmt: skip
    assert ("h.4.mlp.weight", "9 x 9", "hidden", "5") in found


@pytest.mark.parametrize("separator", [".", "/"])
def test_paths_keep_their_separators(separator: str) -> None:
    table = html(HEAD, blocks(3, separator=separator))
    assert f"<td>h.*.mlp{separator}weight<td>" in table
    single = text(HEAD, blocks(2, separator=separator))
    assert f"h.1.mlp{separator}bias" in single


def test_layers_in_brackets_and_blocks_in_blocks() -> None:
    rows = [(f"layers[{i}].cell.{k}.w", "8", "hidden", "1") for i in range(4) for k in range(3)]
    (fold,) = folded(HEAD, rows)
    assert isinstance(fold, Fold)
    assert (fold.title, fold.pattern) == ("layers[0] to layers[3]: 4 blocks, alike", "layers[*]")
    (inner,) = fold.rows
    assert isinstance(inner, Fold)
    assert inner.title == "cell.0 to cell.2: 3 blocks, alike"
    assert "<td>layers[*].cell.*.w<td>" in html(HEAD, rows)


def test_numbers_are_from_the_least_to_the_largest() -> None:
    rows = [(f"h.{i}.w", "8", "hidden", value) for i, value in enumerate(["10", "9", "1e-3"])]
    (fold,) = folded(HEAD, rows)
    assert isinstance(fold, Fold)
    assert fold.rows == ((".w", "8", "hidden", "1e-3 to 10"),)


@pytest.mark.parametrize("width", [200, 80, 60, 40, 20])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    rows = [("a." * 40 + "weight", "8 x 8", "hidden", "because of something long " * 3)]
    shown = text(HEAD, rows + blocks(3), width).splitlines()
    assert max(map(len, shown)) <= width
    assert shown[1][: width // 2].startswith("…" if width < 150 else "a.")


def test_a_pipe_gets_everything_and_a_terminal_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    rows = [("weight", "8", "hidden", "long " * 60)]
    assert "long " * 59 in text(HEAD, rows)
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert max(map(len, text(HEAD, rows).splitlines())) <= 70


def test_cells_of_html_are_escaped() -> None:
    assert "<b>" not in html(HEAD, [("<b>", "<b>", "<b>", "<b>")] * 1)
