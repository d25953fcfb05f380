"""What the page on MLX says is true."""

import re
from pathlib import Path
from typing import Any

import pytest

from initcore import specs

WHY = "MLX has wheels for Apple silicon and for Linux on x86-64 only"
mx = pytest.importorskip("mlx.core", reason=WHY)
nn = pytest.importorskip("mlx.nn", reason=WHY)
init = pytest.importorskip("initcore_mlx", reason=WHY)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mlx.md").read_text()


def test_the_snippets_run() -> None:
    names: dict[str, Any] = {}
    for snippet in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(snippet, names)
    w = names["layer"].weight
    assert w.shape == (64, 3, 3, 64)
    assert names["report"]["up.weight"].parameters["gain"] == 2**0.5


def test_the_page_names_every_function_of_mlx() -> None:
    theirs = [n for n in dir(nn.init) if callable(getattr(init, n, None))]
    assert len(theirs) == 10
    alike = ("glorot_", "he_")
    assert not [n for n in theirs if n not in PAGE and not n.startswith(alike)]


def test_a_key_that_a_compiled_function_takes_is_an_error() -> None:
    with pytest.raises(ValueError, match="compile"):
        mx.compile(lambda a, k: init.normal()(a, key=k))(mx.zeros(3), mx.random.key(0))
    once = mx.compile(lambda a: init.normal()(a))
    assert (once(mx.zeros(3)) == once(mx.zeros(3))).all()


def test_the_adapter_stays_small() -> None:
    """500 lines with its first 24 initializers; each further one takes two."""
    further = sum(spec.builtin for spec in specs.values()) - 24
    files = (ROOT / "adapters" / "initcore_mlx").glob("*.py")
    assert sum(len(f.read_text().splitlines()) for f in files) <= 500 + 2 * further
