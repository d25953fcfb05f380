"""The architecture holds: which package may import which, and every package is typed and whole."""

import ast
from pathlib import Path

import pytest

import initcore

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "initcore": ROOT / "initcore",
    "initcore_torch": ROOT / "adapters" / "initcore_torch",
    "initcore_jax": ROOT / "adapters" / "initcore_jax",
    "initcore_keras": ROOT / "adapters" / "initcore_keras",
    "initcore_conformance": ROOT / "conformance" / "initcore_conformance",
}
FRAMEWORKS = {"torch", "jax", "keras", "tensorflow", "flax", "equinox", "haiku"}
ADAPTERS = {"initcore_torch", "initcore_jax", "initcore_keras"}
FORBIDDEN = {
    "initcore": FRAMEWORKS | ADAPTERS | {"initcore_conformance"},
    "initcore_torch": (FRAMEWORKS - {"torch"}) | (ADAPTERS - {"initcore_torch"}),
    "initcore_jax": FRAMEWORKS - {"jax", "flax", "equinox", "haiku"} | ADAPTERS - {"initcore_jax"},
    "initcore_keras": ADAPTERS - {"initcore_keras"},
    "initcore_conformance": ADAPTERS,
}


def imports(source: str) -> set[str]:
    """Top-level names that `source` imports, anywhere in it; relative imports are its own."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_imports_are_seen_wherever_they_stand() -> None:
    source = (
        "def f():\n    import torch.nn\nif 1:\n    from jax import numpy\nfrom . import keras\n"
    )
    assert imports(source) == {"torch", "jax"}


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_point_one_way(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): bad
        for path in PACKAGES[package].rglob("*.py")
        if (bad := imports(path.read_text()) & (FORBIDDEN[package] | {"tests"}))
    }
    assert not wrong, f"{package} may not import these: {wrong}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_ships_its_types(package: str) -> None:
    assert (PACKAGES[package] / "py.typed").is_file()


def test_folders_of_packages_are_no_packages_and_shadow_nothing() -> None:
    assert not (ROOT / "adapters" / "__init__.py").exists()
    assert not (ROOT / "conformance" / "__init__.py").exists()
    assert not FRAMEWORKS & {path.name for path in (ROOT / "adapters").iterdir()}


def test_every_public_name_is_documented() -> None:
    public = [n for n in dir(initcore) if not n.startswith("_") and n != "specs"]
    bare = [n for n in public if not (getattr(initcore, n).__doc__ or "").strip()]
    assert not bare, f"no docstring: {bare}"


def test_every_initializer_is_exported_under_its_name() -> None:
    missing = [n for n, s in initcore.specs.items() if getattr(initcore, n, None) is not s.function]
    assert not missing


def test_every_spec_says_all_there_is_to_say() -> None:
    for spec in initcore.specs.values():
        assert spec.statement.endswith("."), spec.name
        assert spec.source, spec.name
        assert spec.invariants, spec.name
        assert all(str(i) and not str(i).startswith("<") for i in spec.invariants), spec.name
        assert all(d.unit for d in spec.parameters.values()), spec.name
        assert spec.function.__doc__.count(">>>"), f"{spec.name} has no doctest"
