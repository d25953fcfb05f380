"""The API reference leaves nothing out: no package, no public name, no parameter."""

import functools
import inspect
import json
import warnings
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import initcore
from tests.tools import reference
from tests.tools.alone import alone

HERE = [p for p in reference.PACKAGES if p != "initcore_mlx" or find_spec("mlx")]


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what frameworks say when they are imported
        yield


def described_methods(value: type) -> list[tuple[str, Any]]:
    """The public methods that the reference shows: those of its own with a docstring."""
    found = []
    for name, member in vars(value).items():
        if isinstance(member, (classmethod, staticmethod)):
            member = member.__func__
        if not name.startswith("_") and inspect.isfunction(member):
            found.append((name, member))
    return found


def gaps(package: str) -> list[str]:
    """Names without a text, and parameters without one."""
    found = []
    for name, value in reference.public_names(package):
        whole = f"{package}.{name}"
        if reference.kind_of(value) == "data":
            found += [] if reference.CONSTANTS.get(whole) else [f"{whole} has no text"]
            continue
        if not value.__module__.startswith("initcore"):
            continue  # a framework's own, under its name
        texts = reference.described(value)
        found += [] if inspect.getdoc(value) else [f"{whole} has no docstring"]
        found += [f"{whole}: {p}" for p in reference.parameters(value) if not texts.get(p)]
        for method, function in described_methods(value) if inspect.isclass(value) else []:
            doc = inspect.getdoc(getattr(value, method)) or ""
            known = {**texts, **reference.described(function)}
            # A sentence that names a parameter of a method describes it.
            missing = [p for p in reference.parameters(function) if not known.get(p)]
            found += [f"{whole}.{method}: {p}" for p in missing if f"`{p}`" not in doc]
    return found


@pytest.mark.parametrize("package", HERE)
def test_every_public_name_and_parameter_is_described(package: str) -> None:
    found = of_keras()[package] if package.startswith("initcore_keras") else gaps(package)
    assert not found, f"the API reference says nothing of {', '.join(found)}"


WITH_KERAS = """
import json, tempfile
from pathlib import Path
from tests.test_reference import gaps
from tests.tools import reference

found = {p: gaps(p) for p in reference.PACKAGES if p.startswith("initcore_keras")}
with tempfile.TemporaryDirectory() as folder:
    found["pages"] = list(reference.write_reference(Path(folder)))
    for package in found["pages"]:
        text = Path(folder, f"{package}.rst").read_text("utf-8")
        for name, _ in reference.public_names(package):
            assert f":: {package}.{name}\\n" in text or f"- ``{name}`` is " in text, name
print(json.dumps(found))
"""


@functools.cache
def of_keras() -> dict[str, list[str]]:
    """The gaps of its packages, and the pages that are written of all."""
    printed = alone(WITH_KERAS, KERAS_BACKEND="numpy")
    return dict(json.loads(printed.splitlines()[-1]))


def test_every_public_package_has_a_page_or_is_named_as_internal() -> None:
    found = set()
    for top in {name.partition(".")[0] for name in reference.PACKAGES}:
        for folder in find_spec(top).submodule_search_locations or ():  # type: ignore[union-attr]
            for file in Path(folder).rglob("*.py"):
                name = file.parent if file.name == "__init__.py" else file.with_suffix("")
                found.add(".".join([top, *name.relative_to(folder).parts]))
    named = {*reference.PACKAGES, *reference.INTERNAL}
    assert {name for name in found if "._" not in name} == named
    assert not {*reference.PACKAGES} & {*reference.INTERNAL}
    assert not [name for name in reference.CONSTANTS if not constant_exists(name)]


def constant_exists(name: str) -> bool:
    package, _, last = name.rpartition(".")
    return last in dict(reference.public_names(package))


def test_each_page_names_all_of_its_package() -> None:
    assert of_keras()["pages"] == HERE


def test_what_is_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def undescribed(a: int, b: int) -> int:
        """Their sum.

        Args:
            a: A number.
        """
        return a + b

    undescribed.__module__ = "initcore.elsewhere"
    assert "b" not in reference.described(undescribed)
    assert reference.described(undescribed) == {"a": "A number."}
    monkeypatch.setattr(initcore.density, "extra", undescribed, raising=False)
    assert gaps("initcore.density") == ["initcore.density.extra: b"]
    monkeypatch.setattr(undescribed, "__doc__", None)
    assert "initcore.density.extra has no docstring" in gaps("initcore.density")


def test_a_docstring_is_completed_from_the_specification() -> None:
    lines = inspect.getdoc(initcore.orthogonal).splitlines()  # type: ignore[union-attr]
    app = SimpleNamespace()
    reference.complete(app, "function", "initcore.orthogonal", initcore.orthogonal, None, lines)
    text = "\n".join(lines)
    assert text.index("Args:") < text.index("    gain: Singular value: ") < text.index(">>>")
    assert text.count("Args:") == 1
    assert "    groups: Independent kernels" in text


def test_a_docstring_may_name_another_one() -> None:
    grasp = reference.described(functools.partial(initcore.density.erdos_renyi).func)
    assert grasp["density"] == reference.described(initcore.density.uniform)["density"]
