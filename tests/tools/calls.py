"""The page of calls that public projects make, docs/calls.md, from the tests that make them.

python -m tests.tools.calls
"""

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PAGE", "page", "rows"]

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "calls.md"
TABLES = (
    ("PyTorch", "torch_adapter", "FORMS", "torch.nn.init", "initcore_torch"),
    ("JAX and Flax", "jax_adapter", "FORMS", "flax.linen.initializers", "initcore_jax"),
    ("Haiku", "jax_adapter", "HAIKU", "hk.initializers", "initcore_jax.haiku"),
    ("Keras", "keras_adapter", "FORMS", "keras.initializers", "initcore_keras"),
)
HEAD = """# Calls that real projects make

How well-known projects call the initializers of their framework, read in public code. Each row is
a test: the call is made with the framework's import and with ours, and does the same. What is
random is compared by mean and spread, the rest bit for bit. `i` is the import; `conv()` and
`dense()` are parameters, `made`, `kernel` and `parameter` fill an array, a layer and a parameter
of a module; other small helpers stand in the tests, `tests/*/test_calls_in_the_wild.py`. Made
from them by `python -m tests.tools.calls`.
"""


def rows(folder: str, table: str) -> Iterator[tuple[str, str]]:
    """The project and the call of each row."""
    source = (TESTS / folder / "test_calls_in_the_wild.py").read_text()
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == table:
            assert isinstance(node.value, ast.List)
            for row in node.value.elts:
                assert isinstance(row, ast.Tuple)
                name, call = row.elts[0], row.elts[-1]
                assert isinstance(name, ast.Constant)
                body = call.body if isinstance(call, ast.Lambda) else call
                yield str(name.value), ast.unparse(body).replace("|", "\\|")


def page() -> str:
    """The text of the page."""
    text = HEAD
    for title, folder, table, theirs, ours in TABLES:
        found = list(rows(folder, table))
        text += f"\n## {title}: `{theirs}` and `{ours}`, {len(found)} forms\n\n"
        text += "| project | call |\n| --- | --- |\n"
        text += "".join(f"| {name} | `{call}` |\n" for name, call in found)
    return text


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
