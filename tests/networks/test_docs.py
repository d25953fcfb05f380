"""The examples of docs/networks.md print what the page says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from initcore.networks import ROLES

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
PAIRS = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("number", range(6))
def test_the_examples_print_what_the_page_says(number: int) -> None:
    code, shown = PAIRS.findall(PAGE.read_text("utf-8"))[number]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {"__name__": f"example_{number}"})
    lines = [line.rstrip() for line in printed.getvalue().splitlines()]
    assert lines == shown.splitlines()


def test_every_role_is_defined_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    assert len(PAIRS.findall(page)) == 6
    for role, meaning in ROLES.items():
        assert f"| `{role}` | {meaning} |" in page
