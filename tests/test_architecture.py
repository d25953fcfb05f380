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


def import_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Which modules import which, wherever the import stands; `sources` are texts by module name.

    `from .room import name` leads to the module `room.name` if there is one, else to `room`.
    """
    graph: dict[str, set[str]] = {name.removesuffix(".__init__"): set() for name in sources}
    for name, source in sources.items():
        module = name.removesuffix(".__init__")
        package = module if name.endswith(".__init__") else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
                targets = [
                    full if (full := f"{base}.{alias.name}") in graph else base
                    for alias in node.names
                ]
            else:
                continue
            graph[module] |= {t for t in targets if t in graph and t != module}
    return graph


def sources_of(package: str) -> dict[str, str]:
    """The texts of a package's files, by module name."""
    folder = PACKAGES[package]
    return {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts): path.read_text()
        for path in folder.rglob("*.py")
    }


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import one another in a loop, or nothing."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph[module]):
            if found := visit(other, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])


def test_a_circle_is_found_wherever_its_imports_stand() -> None:
    straight = {"p.__init__": "from .a import x", "p.a": "from . import b", "p.b": "import os"}
    assert circle(import_graph(straight)) == []
    bent = {**straight, "p.b": "def f():\n    from .a import x\n"}
    assert circle(import_graph(bent)) == ["p.a", "p.b", "p.a"]
    through_the_face = {**straight, "p.b": "from . import y"}
    assert circle(import_graph(through_the_face)) == ["p", "p.a", "p.b", "p"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_files_import_one_another_in_a_circle(package: str) -> None:
    found = circle(import_graph(sources_of(package)))
    assert not found, f"these import one another: {' -> '.join(found)}"


# From the ground up: a room imports only rooms before it.
ROOMS = (
    "arguments", "arrays", "random", "spec", "activations", "invariants", "initializers", "density",
    "theory", "reports", "networks", "plots", "diagnostics", "specification", "cli",
)  # fmt: skip


def test_rooms_stand_on_those_below_them() -> None:
    graph = import_graph(sources_of("initcore"))
    assert {module.split(".")[1] for module in graph if module.count(".") > 1} == set(ROOMS)
    for number, room in enumerate(ROOMS):
        used = {
            target.split(".")[1]
            for module, targets in graph.items()
            if module.split(".")[1:2] == [room]
            for target in targets
            if "." in target
        }
        above = used & set(ROOMS[number + 1 :])
        assert not above, f"{room} imports {above}, which stand above it"


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
