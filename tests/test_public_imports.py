"""Examples and docs show public names alone: what they import has no underscore."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = [
    path for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*")])
    if path.suffix in (".md", ".py", ".toml", ".txt", ".rst")
    and not {"_build", "out"} & set(path.relative_to(ROOT).parts)
]  # fmt: skip
PRIVATE = re.compile(r"\binitcore(?:_torch|_jax|_keras|_mlx|_conformance)?(?:\.\w+)*\.(?!__)_\w+")
FROM = re.compile(r"from\s+(initcore\w*(?:\.\w+)*)\s+import\s+(\([^)]*\)|[^\n]*)", re.MULTILINE)


def private_names(text: str) -> list[str]:
    """The private modules and names of the project that `text` mentions or imports."""
    found = PRIVATE.findall(text)
    for module, names in FROM.findall(text):
        for name in re.split(r"[,()\s]+", names.partition("#")[0]):
            if name.startswith("_") and not name.startswith("__"):
                found.append(f"{module}.{name}")
    return found


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_docs_and_examples_use_public_names_alone(path: Path) -> None:
    found = private_names(path.read_text(encoding="utf-8"))
    assert not found, f"{path.relative_to(ROOT)} shows private names: {', '.join(found)}"


def test_the_examples_are_among_them() -> None:
    names = {path.name for path in DOCS}
    assert {"README.md", "conformance.md", "initializers.py", "pyproject.toml"} <= names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from initcore._spec import initializer", ["initcore._spec"]),
        ("from initcore.spec._registry import specs", ["initcore.spec._registry"]),
        ("import initcore_torch._fill as f", ["initcore_torch._fill"]),
        ("from initcore.spec import (\n    Real,\n    _check,\n)", ["initcore.spec._check"]),
        ("initcore.networks._plan.Plan", ["initcore.networks._plan"]),
        ("from initcore.spec import Real  # _not this", []),
        ("initcore.__version__, out_of_initcore, initcore.spec.Real", []),
    ],
)
def test_private_names_are_found(text: str, found: list[str]) -> None:
    assert private_names(text) == found
