"""`initcore_jax.initialize` sees recurrences and layers stacked for a loop."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

from initcore_jax import initialize
from tests.tools.jax_models import (
    LinenScanned,
)

KEY = jax.random.key(0)
OTHERS = ("bias", "normalization")


def report_of(model: Any, sample: Any = None) -> Any:
    found = initialize(model, "orthogonal", sample_input=sample)
    return found[1] if isinstance(found, tuple) else found


def kernels(report: Any) -> dict[str, tuple[str, str]]:
    """Role and activation of all weights but biases and normalizations."""
    found = [a.weight for a in report.values() if a.weight.role not in OTHERS]
    return {w.path: (w.role, w.activation_name) for w in found}


@pytest.mark.parametrize(("cell", "gates"), [
    (eqx.nn.LSTMCell, 4), (eqx.nn.GRUCell, 3),
])  # fmt: skip
@pytest.mark.parametrize("scanned", [False, True])
def test_equinox_cells_have_their_gates_drawn_one_by_one(
    cell: Any, gates: int, scanned: bool
) -> None:
    model = cell(5, 8, key=KEY)
    h = (jnp.zeros(8), jnp.zeros(8)) if gates == 4 else jnp.zeros(8)

    def run(model: Any, xs: Any) -> Any:
        return jax.lax.scan(lambda h, x: (model(x, h), None), h, xs)[0]

    if scanned:
        new, report = initialize((run, model), "idinit", sample_input=jnp.zeros((6, 5)))
    else:
        new, report = initialize(model, "idinit", sample_input=(jnp.zeros(5), h))
    assert kernels(report) == {
        "weight_ih": ("recurrent", "identity"), "weight_hh": ("recurrent", "identity"),
    }  # fmt: skip
    assert not report.untouched
    for gate in jnp.split(new.weight_hh, gates):  # the sums inside of a cell end no branch
        assert abs(gate - jnp.eye(8)).max() < 1e-5


def test_flax_recurrences_are_found_inside_their_scans() -> None:
    rngs = nnx.Rngs(0)
    for cell, gates in ((nnx.OptimizedLSTMCell, 4), (nnx.GRUCell, 3), (nnx.SimpleCell, 1)):
        model = nnx.Sequential(nnx.RNN(cell(5, 8, rngs=rngs)), nnx.Linear(8, 2, rngs=rngs))
        report = report_of(model, jnp.zeros((2, 6, 5)))
        found = {a.weight.path: (a.weight.role, a.weight.parts) for a in report.values()
                 if "kernel" in a.weight.path}  # fmt: skip
        assert found == {
            "layers.0.cell.dense_i.kernel": ("recurrent", gates),
            "layers.0.cell.dense_h.kernel": ("recurrent", gates),
            "layers.1.kernel": ("output", 1),
        }
        hidden = np.asarray(model.layers[0].cell.dense_h.kernel[...], np.float64)
        for gate in np.split(hidden, gates, axis=1):
            assert abs(gate @ gate.T - np.eye(8)).max() < 1e-5
    for linen_cell, count in ((linen.LSTMCell, 8), (linen.OptimizedLSTMCell, 8),
                              (linen.GRUCell, 6)):  # fmt: skip
        report = report_of(linen.RNN(linen_cell(8)), jnp.zeros((2, 6, 5)))
        assert [role for role, _ in kernels(report).values()] == ["recurrent"] * count
        assert not report.untouched


def test_layers_stacked_for_a_scan_are_drawn_one_by_one_and_counted_as_what_they_are() -> None:
    variables, report = initialize(
        LinenScanned(), "orthogonal", seed=3, sample_input=jnp.zeros((2, 8))
    )
    assert len(report.network.branches) == 5
    up, down = (report[f"params/layers/Dense_{n}/kernel"] for n in (0, 1))
    assert (up.weight.role, up.weight.activation) == ("first", "relu")
    assert down.weight.ends_branch
    assert down.parameters["gain"] == pytest.approx(5**-0.5)
    assert "5 weights in one array" in up.why
    stack = np.asarray(variables["params"]["layers"]["Dense_0"]["kernel"], np.float64)
    assert stack.shape == (5, 8, 32)
    for w in stack:
        assert abs(w @ w.T - 2 * np.eye(8)).max() < 1e-5
    assert abs(stack[0] - stack[1]).max() > 0.1


def test_layers_picked_by_the_counter_of_a_loop_are_a_stack_too() -> None:
    def net(params: Any, x: Any) -> Any:
        x = jax.lax.fori_loop(0, 4, lambda i, x: x + jnp.tanh(x @ params["w"][i]), x)
        return x @ params["head"]

    params = {"w": jnp.zeros((4, 8, 8)), "head": jnp.zeros((8, 2))}
    new, report = initialize((net, params), "orthogonal", sample_input=jnp.zeros((1, 8)))
    assert len(report.network.branches) == 4
    assert report["w"].shape == (32, 8)
    assert report["head"].weight.role == "output"
    for w in new["w"]:
        assert abs(w @ w.T - jnp.eye(8) / 4).max() < 1e-6
