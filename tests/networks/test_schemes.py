"""Schemes as data: those of initcore, and those of other packages."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from initcore import networks
from initcore.networks import INITIALIZE, SCHEMES, Graph, Node, Parameter, Rule, Scheme, scheme
from initcore.spec import Layout

ROOT = Path(__file__).parents[2]
GRAPH = Graph(
    [Node("input"), Node("layer", (0,), parameters=("w",))],
    [Parameter("w", (4, 4), "kernel", Layout((0,), (1,)))],
)
NETWORK = networks.describe_network(GRAPH)


def test_every_scheme_says_what_it_is_and_takes() -> None:
    ours = {
        name
        for name, spec in SCHEMES.items()
        if spec.origin.startswith("initcore.networks._schemes.")
    }
    assert {name for name in ours if SCHEMES[name].needs_data} == {"lsuv"}
    assert list(SCHEMES["sparse_orthogonal"].parameters) == ["density", "allocation"]
    for name in ours:
        assert SCHEMES[name].statement.endswith("."), name
        assert f'`"{name}"`' in INITIALIZE.arguments["scheme"], "the docstrings name every scheme"


def test_keyword_only_parameters_are_parameters() -> None:
    @scheme("test_keyword_only")
    def maker(network: networks.Network, *, gain: float = 1.0) -> Scheme:
        local = gain / 2  # no parameter, though a variable
        return Scheme(lambda w: Rule("orthogonal", {"gain": 2 * local}, "tried"))

    plan = networks.plan(NETWORK, ("test_keyword_only", {"gain": 3.0}))
    assert plan.assignments[0].parameters["gain"] == 3.0
    with pytest.raises(TypeError, match="no parameter 'local'; its parameters: gain"):
        networks.plan(NETWORK, ("test_keyword_only", {"local": 3.0}))


def test_a_scheme_s_mistakes_are_its_own_and_named() -> None:
    with pytest.raises(ValueError, match=r"the name orthogonal of .* belongs to initcore\."):
        scheme("orthogonal")(lambda network: Scheme(lambda w: Rule(None)))
    with pytest.raises(TypeError, match="a function of a network"):
        scheme("test_nothing")(lambda: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="scheme needs a name"):
        scheme(3)  # type: ignore[arg-type]

    @scheme("test_no_scheme")
    def no_scheme(network: networks.Network) -> Any:
        return {}

    with pytest.raises(TypeError, match=r"test_no_scheme of .* needs to return a Scheme"):
        networks.plan(NETWORK, "test_no_scheme")

    @scheme("test_measures")
    def measures(network: networks.Network) -> Scheme:
        return Scheme(lambda w: Rule("orthogonal"), output_variance=2.0)

    with pytest.raises(TypeError, match="register it with needs_data=True"):
        networks.plan(NETWORK, "test_measures")


PACKAGE = """
from initcore.initializers import normal
from initcore.networks import Rule, Scheme, scheme
from initcore.spec import Real, ShapeRule, initializer


@initializer(shape=ShapeRule(), invariants=(), source="here", example={"size": 0.5},
             parameters={"size": Real("absolute value of every entry", low=0.0)}, random=False)
def theirs_constant(rng, shape, /, *, size):
    "Array whose every element is `size`."
    return rng.xp.full(shape, size, dtype=rng.dtype)


@scheme("theirs")
def theirs(network, *, size=0.25):
    "Kernels of one number."
    return Scheme(lambda w: Rule("theirs_constant", {"size": size}, "theirs"))


@scheme("theirs_measured", needs_data=True)
def measured(network):
    "Kernels of variance 4 at every output."
    return Scheme(lambda w: Rule("orthogonal", {}, "theirs"), output_variance=4.0)
"""
PROGRAM = """
import warnings
import torch
from initcore.networks import SCHEMES
from initcore_torch import initialize

def net():
    return torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3))

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert initialize(net(), "orthogonal")["0.weight"].name == "orthogonal"
    assert not caught, "nothing is loaded until something is unknown"
    model = net()
    report = initialize(model, ("theirs", {"size": 0.5}))
texts = [str(w.message) for w in caught]
assert (model[0].weight == 0.5).all() and report["0.weight"].why == "theirs", report
assert len(texts) == 2, texts
broken, taken = sorted(texts, key=lambda text: "taken" in text)
assert "fake-dist offers broken = theirs_missing in initcore.schemes" in broken, broken
assert "ModuleNotFoundError" in broken
assert "the name idinit of theirs_taken.again belongs to initcore." in taken, taken
assert {"theirs", "theirs_measured", "orthogonal"} <= set(SCHEMES)
assert list(SCHEMES["theirs"].parameters) == ["size"]
assert initialize(net(), "idinit")["0.weight"].name == "idinit"
initialize(model, ("theirs_constant", {"size": 0.125}))
assert (model[0].weight == 0.125).all()
x = torch.randn(50, 6)
initialize(model, "theirs_measured", sample_input=x)
assert abs(model[0](x).var(correction=0) - 4) < 1e-3
try:
    initialize(model, "theirs_measured")
except ValueError as error:
    assert "real data, for scheme 'theirs_measured'" in str(error), error
else:
    raise AssertionError("no data, no error")
"""


def test_schemes_and_initializers_of_an_installed_package_work_by_name(tmp_path: Path) -> None:
    (tmp_path / "theirs_schemes.py").write_text(PACKAGE)
    (tmp_path / "theirs_taken.py").write_text(
        "from initcore.networks import scheme\n@scheme('idinit')\ndef again(network): ...\n"
    )
    dist = tmp_path / "fake_dist-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-dist\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text(
        textwrap.dedent("""
        [initcore.schemes]
        broken = theirs_missing
        taken = theirs_taken
        theirs = theirs_schemes
        """)
    )
    paths = [tmp_path, ROOT, ROOT / "adapters"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
