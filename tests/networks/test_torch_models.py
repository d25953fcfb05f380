"""`initcore_torch.initialize` on layers of every kind: roles, values, reports."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

import initcore
from initcore.networks import describe_network
from initcore_torch import initialize
from initcore_torch.networks import trace
from tests.tools.torch_models import Residual


def roles_of(model: nn.Module, *inputs: Any) -> dict[str, str]:
    return {w.path: w.role for w in describe_network(trace(model, inputs, {})).weights}


def test_recurrent_kernels_are_found_with_their_gates() -> None:
    for kind, gates in ((nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)):
        model = nn.Sequential(kind(5, 8, num_layers=2, batch_first=True))
        network = describe_network(trace(model, (torch.zeros(2, 3, 5),), {}))
        kernels = {w.path: (w.role, w.parts) for w in network.kernels}
        names = [f"0.weight_{side}_l{n}" for n in (0, 1) for side in ("ih", "hh")]
        assert kernels == dict.fromkeys(names, ("recurrent", gates))
        report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 3, 5))
        hidden = model[0].weight_hh_l1.detach()
        for gate in hidden.split(8):
            torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)
        assert report["0.bias_hh_l0"].name == "zeros"


def test_convolutions_are_told_apart() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.Conv2d(8, 12, 1, groups=4),
        nn.ConvTranspose2d(12, 6, 2, stride=2),
        nn.Conv2d(6, 6, 1),
        nn.Conv2d(6, 2, 1),
    )
    kernels = [r for p, r in roles_of(model, torch.zeros(1, 3, 12, 12)).items() if "weight" in p]
    assert kernels == ["first", "depthwise", "grouped", "transposed", "hidden", "output"]


def test_attention_of_pytorch_itself_is_seen_through() -> None:
    model = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    roles = roles_of(model, torch.zeros(1, 5, 16))
    assert roles["self_attn.in_proj_weight"] == "attention_query_key_value"
    assert roles["self_attn.out_proj.weight"] == "attention_output"
    assert (roles["linear1.weight"], roles["linear2.weight"]) == (
        "feed_forward_in",
        "feed_forward_out",
    )
    assert roles["self_attn.in_proj_bias"] == roles["linear1.bias"] == "bias"
    assert roles["norm1.weight"] == roles["norm2.bias"] == "normalization"


def test_names_mean_nothing_to_a_traced_model() -> None:
    class Misnamed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head, self.query = nn.Linear(4, 8), nn.Linear(8, 8)
            self.embedding, self.shortcut = nn.Linear(8, 8), nn.Linear(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = torch.tanh(self.query(nn.functional.silu(self.head(x))))
            return self.shortcut(x * 1.0 + self.embedding(x).sin())

    model = Misnamed()
    network = describe_network(trace(model, (torch.zeros(2, 4),), {}))
    found = {w.path: (w.role, w.activation) for w in network.kernels}
    assert found == {
        "head.weight": ("first", "silu"),
        "query.weight": ("hidden", "tanh"),
        "embedding.weight": ("branch_last", "sin"),
        "shortcut.weight": ("output", "identity"),
    }


def test_an_activation_spelled_out_is_recognised_and_a_new_one_used_as_it_is() -> None:
    class Net(nn.Module):
        def __init__(self, function: Any) -> None:
            super().__init__()
            self.a, self.b, self.function = nn.Linear(4, 8), nn.Linear(8, 2), function

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.function(self.a(x)))

    spelled = {
        "silu": lambda x: x * torch.sigmoid(x),
        "mish": lambda x: x * torch.tanh(torch.log(1 + torch.exp(x))),
        "leaky_relu": lambda x: torch.maximum(x, 0.01 * x),
        "hard_tanh": lambda x: x.clamp(-1, 1),
    }
    for name, function in spelled.items():
        (first, _) = describe_network(trace(Net(function), (torch.zeros(2, 4),), {})).kernels
        assert first.activation == name

    def strange(x: Tensor) -> Tensor:
        return torch.sin(x) * torch.exp(-(x**2))

    (first, _) = describe_network(trace(Net(strange), (torch.zeros(2, 4),), {})).kernels
    assert not isinstance(first.activation, str)
    report = initialize(Net(strange), "orthogonal")
    wanted = initcore.theory.isometric(lambda x: np.sin(x) * np.exp(-(x**2)), 2)
    assert report["a.bias"].parameters["std"] == pytest.approx(wanted.sigma_b, rel=1e-6)
    lifts = (wanted.q - wanted.sigma_b**2) ** 0.5
    assert report["b.weight"].parameters["gain"] == pytest.approx(wanted.gain / lifts, rel=1e-6)


def test_one_seed_makes_one_network_whatever_the_order_of_construction() -> None:
    class Net(nn.Module):
        def __init__(self, backwards: bool) -> None:
            super().__init__()
            names = ["a", "b", "c"]
            for name in reversed(names) if backwards else names:
                setattr(self, name, nn.Linear(6, 6))

        def forward(self, x: Tensor) -> Tensor:
            return self.c(self.b(self.a(x)).relu()).relu()

    one, other = Net(False), Net(True)
    for net in (one, other):
        initialize(net, "he_normal", seed=9)
    assert all(torch.equal(p, dict(other.named_parameters())[n]) for n, p in one.named_parameters())
    assert not torch.equal(one.a.weight, one.b.weight)
    third = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6))
    names = {"0.weight": "a.weight", "2.weight": "b.weight", "4.weight": "c.weight"}
    initialize(third, "he_normal", seed=9, paths=names)
    assert torch.equal(third[2].weight, one.b.weight)


def test_what_cannot_be_traced_is_named_and_admitted() -> None:
    class Secretive(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q_proj, self.shortcut, self.fc1 = (nn.Linear(4, 4) for _ in range(3))
            self.norm = nn.LayerNorm(4)

        def forward(self, x: Tensor, needed: Any) -> Tensor:
            raise RuntimeError("only on Sundays")

    report = initialize(Secretive(), "orthogonal")
    found = {path: a.weight.role for path, a in report.items() if "weight" in path}
    assert found == {
        "q_proj.weight": "attention_query",
        "shortcut.weight": "skip_projection",
        "fc1.weight": "feed_forward_in",
        "norm.weight": "normalization",
    }
    assert set(report.by_name) == {"q_proj.weight", "shortcut.weight", "fc1.weight"}
    assert "guesses from names" in str(report)
    assert "(by name)" in str(report)


def test_control_flow_on_values_is_run_with_values() -> None:
    class Choosy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x).relu()) if float(x.sum()) > 0 else self.a(x)

    report = initialize(Choosy(), "orthogonal", sample_input=torch.ones(1, 4))
    assert report["b.weight"].weight.role == "output"
    assert report["a.weight"].weight.activation == "relu"


def test_tied_weights_stay_tied_and_parametrized_ones_are_set_through_their_parametrization() -> (
    None
):
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.head = nn.Embedding(11, 6), nn.Linear(6, 11, bias=False)
            self.head.weight = self.table.weight
            self.middle = nn.utils.parametrizations.weight_norm(nn.Linear(6, 6))

        def forward(self, x: Tensor) -> Tensor:
            return self.head(torch.tanh(self.middle(self.table(x))))

    model = Tied()
    report = initialize(model, "orthogonal", sample_input=torch.tensor([[1, 2, 3]]))
    assert model.head.weight is model.table.weight
    tied = report["table.weight"].weight
    assert (tied.role, tied.parameter.aliases) == ("tied", ("head.weight",))
    assert not report.untouched
    kernel = model.middle.weight.detach() / report["middle.weight"].parameters["gain"]
    torch.testing.assert_close(kernel @ kernel.T, torch.eye(6), atol=1e-5, rtol=0)


def test_models_on_the_meta_device_are_planned_and_half_precision_ones_filled() -> None:
    with torch.device("meta"):
        model = Residual()
    report = initialize(model, "orthogonal", sample_input=torch.zeros(1, 16, device="meta"))
    assert report["head.weight"].weight.role == "output"
    half = Residual().bfloat16()
    initialize(half, "orthogonal", sample_input=torch.zeros(1, 16, dtype=torch.bfloat16))
    w = half.stem.weight.detach().double()
    # Each of the 16 terms of an inner product is off by two roundings to 8 bits.
    assert float((w @ w.T - torch.eye(16)).abs().max()) < 2**-7


def test_the_report_is_a_mapping_a_table_a_dict_and_a_page(tmp_path: Path) -> None:
    import json

    report = initialize(Residual(), "idinit", seed=4)
    assert report["last.0.weight"].name == "idinit_zero"
    assert "idinit_zero" in str(report)
    assert "first.0 to first.3: 4 blocks, alike" in str(report)
    data = json.loads(json.dumps(report.to_dict()))
    assert data["weights"]["stem.weight"]["role"] == "first"
    assert (data["seed"], data["branches"]) == (4, 4)
    report.save(tmp_path / "init.html")
    text = (tmp_path / "init.html").read_text()
    assert report.table() in text
    assert report.table() in report._repr_html_()
    assert [row["path"] for row in report.records()] == list(report)


@pytest.mark.parametrize("width", [100, 48])
def test_rich_prints_reports_within_its_width_and_troubles_in_red(width: int) -> None:
    net = nn.Sequential(*[layer for _ in range(40) for layer in (nn.Linear(32, 32), nn.Tanh())])
    sick = ("normal", {"std": 1.0})
    for scheme, colour in (("orthogonal", "\x1b[1;32m"), (sick, "\x1b[1;31m")):
        report = initialize(net, scheme)
        file = io.StringIO()
        Console(file=file, width=width, force_terminal=True, color_system="standard").print(report)
        assert colour in file.getvalue()
        plain = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
        assert max(map(len, plain.splitlines())) <= width
        assert "2 to 76: 38 blocks" in plain


def test_reports_become_data_frames() -> None:
    report = initialize(Residual(), "idinit", seed=4)
    frame = report.to_dataframe()
    assert frame.loc["last.0.weight", "initializer"] == "idinit_zero"
    assert len(frame) == len(report)
    signals = report.signals.to_dataframe()
    assert signals.loc["stem.weight", "signal"] == report.signals["stem.weight"].signal
