"""The registry of initializers: order, names, examples, and what other packages add."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import initcore
from initcore import Rng, specs
from initcore.activations import _named, names, register
from initcore.invariants import Filled
from initcore.spec import Real, ShapeRule, initializer

ROOT = Path(__file__).parents[2]
PLUGIN = """
from initcore.invariants import Filled
from initcore.spec import ShapeRule, initializer

@initializer(shape=ShapeRule(), invariants=(Filled(value=7.0),), source="a test", random=False)
def sevens(rng, shape, /):
    \"\"\"Array of sevens.\"\"\"
    return rng.xp.full(shape, 7.0, dtype=rng.dtype, device=rng.device)
"""


def installed(folder: Path, module: str, source: str, group: str = "initcore.initializers") -> None:
    """A package with one module and an entry point, as pip would leave it in `folder`."""
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{module} = {module}\n")


def run(folder: Path, code: str) -> str:
    path = [str(folder), str(ROOT), str(ROOT / "adapters"), str(ROOT / "conformance")]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_initializers_of_installed_packages_are_listed_and_found(tmp_path: Path) -> None:
    installed(tmp_path, "their_package", PLUGIN)
    shown = run(tmp_path, "from initcore import specs; print('sevens' in list(specs))")
    assert shown.strip() == "True"
    code = "print(specs['sevens'].function(Rng(0), (2,)), specs['sevens'].builtin)"
    shown = run(tmp_path, f"from initcore import Rng, specs; {code}")
    assert shown.strip() == "[7. 7.] False"
    shown = run(
        tmp_path,
        "import sys; sys.argv = ['initcore', 'list']; from initcore.cli import main; main()",
    )
    assert "sevens" in shown


def test_a_package_that_cannot_be_imported_costs_a_warning_with_its_name(tmp_path: Path) -> None:
    installed(tmp_path, "broken_package", "raise RuntimeError('no such luck')")
    shown = run(tmp_path, "from initcore import specs; print(len(specs) > 20)")
    assert "True" in shown
    assert "RuntimeWarning: broken_package offers" in shown
    assert "RuntimeError: no such luck" in shown


def test_names_are_listed_in_alphabetical_order() -> None:
    assert list(specs) == sorted(specs)
    assert len(specs) == len(list(specs))


@pytest.fixture
def file() -> Any:
    """Files an initializer for one test."""
    before = dict(specs._filed)
    yield lambda function, **how: initializer(
        shape=ShapeRule(), invariants=(Filled(value=0.0),), source="a test", **how
    )(function)
    specs._filed.clear()
    specs._filed.update(before)


def test_a_name_belongs_to_one_function(file: Callable[..., Any]) -> None:
    def orthogonal(rng: Rng, shape: Any, /) -> Any:
        """Not ours."""

    with pytest.raises(ValueError, match=r"the name orthogonal of .* belongs to initcore\."):
        file(orthogonal)
    assert specs["orthogonal"].function is initcore.orthogonal

    def twice(rng: Rng, shape: Any, /) -> Any:
        """Defined again, as in a notebook's cell."""

    file(twice)
    again = file(twice)
    assert specs["twice"].function is again


def test_a_parameter_without_a_default_needs_an_example(file: Callable[..., Any]) -> None:
    def filled(rng: Rng, shape: Any, /, *, height: float) -> Any:
        """Array of `height`."""

    parameters = {"height": Real("the value of every entry")}
    with pytest.raises(ValueError, match=r"filled needs an example of height.*example=\{'height'"):
        file(filled, parameters=parameters)
    assert "filled" not in specs
    file(filled, parameters=parameters, example={"height": 2.0})
    assert specs["filled"].example == {"height": 2.0}


@pytest.mark.parametrize("name", list(specs))
def test_examples_are_what_the_initializer_takes(name: str) -> None:
    spec = specs[name]
    assert set(spec.example) == set(spec.parameters) - set(spec.defaults)
    for parameter, value in spec.example.items():
        assert spec.parameters[parameter].check(value) == value


def test_old_names_of_invariants_warn_and_work() -> None:
    with pytest.warns(DeprecationWarning, match="Follows is now HasLaw"):
        assert initcore.invariants.Follows is initcore.invariants.HasLaw
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = initcore.invariants.Nothing
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _ = initcore.invariants.HasLaw


@pytest.fixture
def activations() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    kept = dict(_named.BY_NAME), dict(_named.BY_KEY)
    yield
    for table, before in zip((_named.BY_NAME, _named.BY_KEY), kept, strict=True):
        table.clear()
        table.update(before)


def doubled(x: Any) -> Any:
    return 2 * np.tanh(x)


def test_a_registered_activation_is_found_by_its_name(activations: None) -> None:
    register("doubled_tanh", doubled)
    assert initcore.gain("Doubled Tanh") == pytest.approx(initcore.gain("tanh") / 2, rel=1e-9)
    point = initcore.theory.critical_point("doubled_tanh", 0.05)
    assert point.sigma_w == pytest.approx(initcore.theory.critical_point(doubled, 0.05).sigma_w)
    exact = register("doubled_tanh", doubled, derivative=lambda x: 2 / np.cosh(x) ** 2)
    assert exact.kinks == ()
    assert "doubled_tanh" in names()


def test_names_of_activations_that_are_taken_or_none_are_refused(activations: None) -> None:
    with pytest.raises(ValueError, match="the name ReLU belongs to an activation already"):
        register("ReLU", doubled)
    with pytest.raises(TypeError, match="register needs a name"):
        register(" _ ", doubled)
    with pytest.raises(TypeError, match="cannot be called on an array"):
        register("broken", lambda: 1)
    assert "broken" not in names()


def test_activations_of_installed_packages_are_found(tmp_path: Path) -> None:
    source = (
        "import numpy as np\nfrom initcore.activations import register\n"
        "register('their_tanh', np.tanh)\n"
    )
    installed(tmp_path, "their_activations", source, group="initcore.activations")
    shown = run(tmp_path, "import initcore; print(initcore.gain('their_tanh'))")
    assert float(shown) == pytest.approx(initcore.gain("tanh"), rel=1e-9)
