"""What the pages say in Python is true: each page is run by a test, or by the build."""

import re
from pathlib import Path

import pytest

from tests.tools.alone import alone

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^(```|~~~)python\n(.*?)^\1", re.DOTALL | re.MULTILINE)
RUN_HERE = sorted(
    page.relative_to(DOCS).as_posix()
    for page in [
        *DOCS.glob("howto/*.md"),
        *(
            DOCS / f"{name}.md"
            for name in ("faq", "finite_width", "jax", "porting", "stream", "theory")
        ),
    ]
    if BLOCK.search(page.read_text("utf-8"))
)
# The pages whose Python other tests run.
RUN_ELSEWHERE = {
    "conformance.md": "conformance/test_cookbook.py",
    "extending.md": "packaging/test_third_party_package.py",
    "initializers/*.md": "papers/test_docs.py",
    "mlx.md": "mlx_adapter/test_docs.py",
    "networks.md": "networks/test_docs.py",
    "peers.md": "conformance/test_peers.py",
    "scale.md": "networks/test_scale_docs.py",
    "training.md": "training/test_docs.py",
    "torch.md": "torch_adapter/test_docs.py",
}
# What a page takes as given, before the numbered block of Python.
GIVEN = {
    "jax.md": {
        1: """
import equinox as eqx
import jax

class Model(eqx.Module):
    body: eqx.nn.Linear
    head: eqx.nn.Linear

key = jax.random.key(0)
model = Model(eqx.nn.Linear(4, 8, key=key), eqx.nn.Linear(8, 2, key=key))
""",
        3: """
import optax

shape = (16, 8)
params = {"w": jax.random.normal(key, shape), "v": jax.random.normal(key, (8, 1))}
x, y = jnp.ones((5, 16)), jnp.ones((5, 1))

def loss(params, x, y):
    return jnp.mean((jnp.tanh(x @ params["w"]) @ params["v"] - y) ** 2)
""",
    },
    "theory.md": {
        0: """
import torch

model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
""",
    },
}


def blocks(page: Path) -> list[str]:
    """The Python of a page that no build runs."""
    return [code for _, code in BLOCK.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize("name", RUN_HERE)
def test_the_python_of_a_page_runs(name: str) -> None:
    page, names = DOCS / name, {"__name__": "page"}
    for number, code in enumerate(blocks(page)):
        exec(GIVEN.get(name, {}).get(number, ""), names)
        exec(compile(code, str(page), "exec"), names)


def tab(library: str) -> str:
    """The Python under one tab of the first page."""
    codes = blocks(DOCS / "index.md")
    (found,) = (code for code in codes if f"initcore_{library}" in code)
    return found


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_tab_of_the_first_page_runs(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(tab(library), {"__name__": "page"})
    assert "signals and gradients keep their size" in capsys.readouterr().out


def test_the_page_on_keras_and_the_tab_run() -> None:
    page = "\n".join(blocks(DOCS / "keras.md"))
    printed = alone(f"{page}\nprint('the tab')\n{tab('keras')}", KERAS_BACKEND="torch")
    assert "signals and gradients keep their size" in printed.partition("the tab\n")[2]


def test_every_page_with_python_is_run_somewhere() -> None:
    run = {*RUN_HERE, "index.md", "keras.md"}
    for pattern, test in RUN_ELSEWHERE.items():
        assert (DOCS.parent / "tests" / test).exists()
        run |= {page.relative_to(DOCS).as_posix() for page in DOCS.glob(pattern)}
    made = {"spec", "api", "_build", "examples", "jupyter_execute"}
    pages = [p for p in DOCS.rglob("*.md") if not made & {*p.relative_to(DOCS).parts}]
    idle = {p.relative_to(DOCS).as_posix() for p in pages if blocks(p)} - run
    assert not idle, f"nothing runs the Python of {', '.join(sorted(idle))}"


NOTEBOOKS = [p for p in sorted(DOCS.rglob("*.md")) if "file_format: mystnb" in p.read_text("utf-8")]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: str(page.stem))
def test_notebooks_are_python_and_their_outputs_are_made(page: Path) -> None:
    text = page.read_text("utf-8")
    cells = re.findall(r"^```\{code-cell\} python\n(?::tags: .*\n)?(.*?)^```", text, re.M | re.S)
    assert cells
    for cell in cells:
        compile(cell.replace("%matplotlib inline\n", ""), str(page), "exec")
    assert "```text" not in text  # an output that was pasted and not made
    assert len("\n".join(cells).splitlines()) <= 150


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 10
