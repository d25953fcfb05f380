"""The architecture holds: which package may import which, and every package is typed and whole."""

import pytest

import initcore
from tests.tools.imports import (
    ADAPTERS,
    PACKAGES,
    PROJECT,
    ROOMS,
    ROOT,
    circle,
    import_graph,
    imports,
    sources_of,
)

FRAMEWORKS = {"torch", "jax", "keras", "tensorflow", "flax", "equinox", "haiku", "mlx"}
# An adapter may import the framework that it is named after, and these.
OTHERS = {"initcore_jax": {"flax", "equinox", "haiku"}, "initcore_keras": FRAMEWORKS}
FORBIDDEN = {
    "initcore": FRAMEWORKS | ADAPTERS | {"initcore_conformance"},
    "initcore_conformance": ADAPTERS,
    **{
        name: (FRAMEWORKS - {name.removeprefix("initcore_")} - OTHERS.get(name, set()))
        | (ADAPTERS - {name})
        for name in ADAPTERS
    },
}


def test_imports_are_seen_wherever_they_stand() -> None:
    source = (
        "def f():\n    import torch.nn\nif 1:\n    from jax import numpy\nfrom . import keras\n"
    )
    assert imports(source) == {"torch", "jax"}


def test_every_adapter_is_in_the_wheel_and_has_an_extra_of_its_name() -> None:
    folders = {path.name for path in (ROOT / "adapters").glob("initcore_*")}
    assert folders == ADAPTERS == set(FORBIDDEN) - {"initcore", "initcore_conformance"}
    extras = PROJECT["project"]["optional-dependencies"]
    assert {f"initcore_{name}" for name in extras} >= ADAPTERS


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_point_one_way(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): bad
        for path in PACKAGES[package].rglob("*.py")
        if (bad := imports(path.read_text()) & (FORBIDDEN[package] | {"tests"}))
    }
    assert not wrong, f"{package} may not import these: {wrong}"


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
