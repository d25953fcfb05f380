"""A fourth framework in a page: chains of NumPy matrices, by the protocol alone."""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import initcore
from initcore import diagnostics, networks
from initcore.networks import Graph, Linearized, Node, Parameter, Recording
from initcore.spec import Layout


class Chain:
    """`tanh(... tanh(x @ w0 + b0) ...) @ wn + bn`, with its input."""

    name = "Chain"
    quantized: tuple[str, ...] = ()

    def __init__(self, widths: tuple[int, ...], x: Any = None) -> None:
        self.x, self.weights = x, {}
        for n, (i, o) in enumerate(itertools.pairwise(widths)):
            self.weights[f"w{n}"], self.weights[f"b{n}"] = np.ones((i, o)), np.ones(o)

    @property
    def depth(self) -> int:
        return len(self.weights) // 2

    @property
    def graph(self) -> Graph:
        nodes, parameters = [Node("input")], []
        for n in range(self.depth):
            last = len(nodes) - 1
            nodes.append(Node("layer", (last,), parameters=(f"w{n}", f"b{n}")))
            if n < self.depth - 1:
                nodes.append(Node("map", (last + 1,), function=np.tanh))
            shape = self.weights[f"w{n}"].shape
            parameters.append(Parameter(f"w{n}", shape, "kernel", Layout((1,), (0,))))
            parameters.append(Parameter(f"b{n}", shape[1:], "bias"))
        return Graph(nodes, parameters)

    def check_weight(self, path: str) -> None:
        if self.weights[path].dtype.kind != "f":
            raise TypeError(f"initialize: {path} is of integers.")

    def write(self, assignment: Any, key: tuple[int, int]) -> None:
        rng = initcore.Rng.from_key(key, dtype="float64")
        w = initcore.specs[assignment.name].function(rng, assignment.shape, **assignment.parameters)
        path, shape = assignment.weight.path, assignment.weight.parameter.shape
        if assignment.layout:
            w = assignment.layout.from_canonical(w, shape, xp=np)
        self.weights[path] = w

    def scale(self, path: str, factor: float) -> None:
        self.weights[path] = self.weights[path] * factor

    @contextlib.contextmanager
    def restored_on_error(self, paths: Any) -> Iterator[None]:
        before = dict(self.weights)
        try:
            yield
        except BaseException:
            self.weights = before
            raise

    def finish(self, report: networks.Report) -> networks.Report:
        return report

    def values(self, path: str) -> Any:
        return self.weights[path]

    def bias(self, path: str) -> Any:
        return self.weights[path.replace("w", "b")]

    @property
    def has_data(self) -> bool:
        return self.x is not None

    @property
    def float_inputs(self) -> list[bool]:
        return [self.x.dtype.kind == "f"]

    def run(self) -> list[Any]:
        x, signals = self.x, []
        for n in range(self.depth):
            signals.append(x @ self.weights[f"w{n}"] + self.weights[f"b{n}"])
            x = np.tanh(signals[-1])
        return signals

    def run_scaled(self, paths: Any, factor: Any) -> None:
        x = self.x
        for n in range(self.depth):
            h = x @ self.weights[f"w{n}"]
            x = np.tanh(h * factor(f"w{n}", float(h.var())) + self.weights[f"b{n}"])

    def recorded(self, coefficients: Any) -> Recording:
        signals = self.run()
        g, slopes = coefficients(signals[-1].shape), {}
        for n in reversed(range(self.depth)):
            slopes[f"w{n}"] = g
            g = (g @ self.weights[f"w{n}"].T) * (1 - np.tanh(signals[n - 1]) ** 2 if n else 1)
        named = {f"w{n}": h for n, h in enumerate(signals)}
        return Recording(named, slopes, self.x)

    @contextlib.contextmanager
    def linearized(self, at: int | None) -> Iterator[Linearized | None]:
        if at is None:
            yield None
            return
        signals, factors = self.run(), []
        for n in range(self.depth):
            bend = 1.0 if n == self.depth - 1 else 1 - np.tanh(signals[n]) ** 2
            factors.append((self.weights[f"w{n}"], bend))

        def forward(v: Any) -> Any:
            for w, bend in factors:
                v = v @ w * bend
            return v

        def backward(u: Any) -> Any:
            for w, bend in reversed(factors):
                u = (u * bend) @ w.T
            return u

        yield Linearized((self.x.shape, signals[-1].shape), forward, backward)


X = initcore.Rng(3, dtype="float64").normal((5, 12))


def initialize(model: Chain, scheme: Any, **given: Any) -> networks.Report:
    arguments = {"seed": 0, "overrides": None, "paths": None, **given}
    return networks.initialize(model, scheme, **arguments)


def test_the_protocol_is_all_that_initialize_and_the_diagnostics_need() -> None:
    model = Chain((12, 12, 12), X)
    report = initialize(model, "orthogonal", overrides={"bias": "zeros"})
    assert [a.weight.role for a in report.values()] == ["first", "bias", "output", "bias"]
    assert report["w0"].weight.activation == "tanh"
    gain = report["w0"].parameters["gain"]
    gram = model.weights["w0"] @ model.weights["w0"].T
    np.testing.assert_allclose(gram, gain**2 * np.eye(12), atol=1e-12)
    layers = diagnostics.orthogonality(model, None)
    assert [round(layer.spread, 9) for layer in layers.values()] == [1.0, 1.0]
    signals = diagnostics.signal_report(model, seed=0)
    assert signals["w0"].signal == pytest.approx((model.run()[0] ** 2).mean())
    assert signals["w0"].predicted == pytest.approx(signals["w0"].signal)  # an isometry
    found = diagnostics.jacobian_spectrum(model, probes=2, steps=2, seed=0)
    jacobian = model.weights["w0"] * (1 - np.tanh(model.run()[0]) ** 2)[:, None]
    jacobian = jacobian @ model.weights["w1"]
    wanted = np.sort(np.linalg.svd(jacobian, compute_uv=False) ** 2, axis=None)
    np.testing.assert_allclose(np.sort(found.nodes, axis=None), wanted, atol=1e-12)


def test_a_plan_is_data_that_fits_every_model_of_its_network() -> None:
    one, other = Chain((12, 12, 3)), Chain((12, 12, 3))
    plan = networks.plan(networks.describe_network(one.graph), "he_normal", seed=4)
    networks.apply_plan(plan, one)
    networks.apply_plan(plan, other)
    assert all((w == other.weights[path]).all() for path, w in one.weights.items())
    drawn = networks.draw(plan.assignments[0], plan.seed, dtype="float64")
    assert (one.weights["w0"] == drawn).all()


def test_a_scheme_that_measures_scales_in_order_or_restores_everything() -> None:
    model = Chain((12, 12, 3), X)
    report = initialize(model, "lsuv", overrides={"bias": "zeros"})
    assert set(report.scales) == {"w0", "w1"}
    assert [h.var() for h in model.run()] == pytest.approx([1.0, 1.0])
    before = dict(model.weights)
    model.x = np.zeros((5, 12))
    with pytest.raises(ValueError, match="lsuv: the output of w0 has variance 0"):
        initialize(model, "lsuv")
    assert all(model.weights[path] is w for path, w in before.items())
    model.x = None
    with pytest.raises(ValueError, match="a batch of real data, for scheme 'lsuv'"):
        initialize(model, "lsuv")


def test_what_cannot_be_filled_is_refused_before_the_first_weight_is_written() -> None:
    model = Chain((12, 12, 3))
    model.weights["b1"] = np.zeros(3, int)
    with pytest.raises(TypeError, match="b1 is of integers"):
        initialize(model, "orthogonal")
    assert (model.weights["w0"] == 1).all()
    model.quantized = ("packed",)
    with pytest.raises(TypeError, match="quantized weights of packed"):
        initialize(model, "orthogonal")


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"seed": "x"}, TypeError, "jacobian_spectrum needs an integer seed"),
        ({"seed": -1}, ValueError, "jacobian_spectrum needs a seed with"),
        ({"probes": 0}, ValueError, r"jacobian_spectrum needs probes \(random vectors\)"),
        ({"steps": 1.5}, TypeError, "jacobian_spectrum needs steps"),
    ],
)
def test_arguments_are_checked_before_anything_runs(
    given: dict[str, Any], error: type[Exception], text: str
) -> None:
    model = Chain((12, 12))  # without an input: running it would be another error
    with pytest.raises(error, match=text):
        diagnostics.jacobian_spectrum(model, **{"probes": 2, "steps": 2, "seed": 0, **given})
    with pytest.raises(ValueError, match="signal_report needs a seed with"):
        diagnostics.signal_report(model, seed=-1)
    with pytest.raises(TypeError, match=r"orthogonality needs image \(pixels"):
        diagnostics.orthogonality(model, "x")  # type: ignore[arg-type]


def test_integers_that_nothing_looks_up_are_not_differentiated_by() -> None:
    model = Chain((12, 12), np.zeros((2, 12), int))
    with pytest.raises(ValueError, match="floating-point inputs, or integers that an embedding"):
        diagnostics.jacobian_spectrum(model, probes=2, steps=2, seed=0)
