"""What a signal is, where it begins, what bends it, and what is added back to it."""

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from initcore_torch import initialize, signal_report


def why(model: nn.Module, path: str, sample: Any) -> str:
    return str(initialize(model, "orthogonal", sample_input=sample)[path].why)


class Spelled(nn.Module):
    """RMSNorm as models spell it out, with its scale at 1, or at 0 beside a 1."""

    def __init__(self, shifted: bool) -> None:
        super().__init__()
        self.shifted, self.w = shifted, nn.Parameter(torch.full((16,), 7.0))

    def forward(self, x: Tensor) -> Tensor:
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        return x * (1 + self.w) if self.shifted else self.w * x


class Centred(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = x - x.mean(-1, keepdim=True)
        return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt()


class Scaled(nn.Module):
    """A vector of length 1, as in cosine attention."""

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x, dim=-1)


@pytest.mark.parametrize(
    "norm",
    [nn.RMSNorm(16), nn.LayerNorm(16), Spelled(False), Spelled(True), Centred(), Scaled()],
    ids=lambda m: type(m).__name__,
)
def test_the_inside_of_a_normalization_is_no_activation(norm: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(16, 16), norm, nn.ReLU(), nn.Linear(16, 4))
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 16))
    assert report["0.weight"].weight.activation == "relu"
    scales = [p for path, p in model.named_parameters() if path.startswith("1.w")]
    for p in scales:
        assert report["1." + ("w" if hasattr(norm, "w") else "weight")].name in ("ones", "constant")
        assert torch.equal(p, torch.full((16,), float(not getattr(norm, "shifted", False))))


def test_a_signal_can_begin_at_a_weight() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.p = nn.Parameter(torch.zeros(4, 16)), nn.Linear(16, 16)
            self.e, self.o = nn.Linear(8, 32), nn.Linear(16, 2)
            self.token, self.where = nn.Parameter(torch.zeros(16)), nn.Parameter(
                torch.zeros(6, 16)
            )  # fmt: skip

        def forward(self, x: Tensor) -> Tensor:
            k, v = self.e(x).chunk(2, -1)
            k = torch.cat([self.token.expand(len(x), 1, -1), k], 1) + self.where
            v = torch.cat([v[:, :1], v], 1)
            q = self.p(self.q)[None].expand(len(x), -1, -1)
            return self.o(F.scaled_dot_product_attention(q, k, v))

    model = Reader()
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 5, 8))
    roles = {path: a.weight.role for path, a in report.items()}
    assert roles["q"] == roles["token"] == "latent"
    assert roles["where"] == "position"
    assert roles["p.weight"] == "attention_query"
    assert roles["p.bias"] == "bias"
    assert all(model.get_parameter(path).any() for path in ("q", "token", "where", "p.weight"))


def test_an_activation_is_seen_through_aggregations() -> None:
    class Graph(nn.Module):
        def __init__(self, fixed: Any) -> None:
            super().__init__()
            self.a, self.b, self.fixed = nn.Linear(6, 16), nn.Linear(16, 3), fixed

        def forward(self, x: Tensor, edges: Tensor) -> Tensor:
            edges = edges if self.fixed is None else self.fixed
            return edges @ self.b(F.relu(edges @ self.a(x)))

    for fixed in (None, torch.eye(4)):
        sample = (torch.zeros(4, 6), torch.eye(4))
        assert why(Graph(fixed), "a.weight", sample) == "gain of relu"


def test_one_function_in_several_layers_is_one_activation() -> None:
    class Sine(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(30 * x)

    layers = itertools.chain(*((nn.Linear(8, 8), Sine()) for _ in range(3)))
    report = initialize(nn.Sequential(*layers, nn.Linear(8, 1)), "orthogonal")
    bends = [report[f"{n}.weight"].weight.activation for n in (0, 2, 4)]
    assert bends[0] is bends[1] is bends[2]
    assert callable(bends[0])


@pytest.mark.parametrize(
    ("layer", "name"),
    [(nn.Hardswish(), "hard_silu"), (nn.LogSigmoid(), "log_sigmoid"), (nn.ReLU(True), "relu"),
     (nn.PReLU(init=0.0), "relu"), (nn.Softsign(), "soft_sign"), (nn.Mish(), "mish")],
)  # fmt: skip
def test_every_activation_of_the_framework_is_seen(layer: nn.Module, name: str) -> None:
    model = nn.Sequential(nn.Linear(8, 8), layer, nn.Linear(8, 8))
    found = initialize(model, "orthogonal")["0.weight"].weight
    assert found.activation_name == name


def test_a_learned_slope_is_taken_at_its_starting_value() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.PReLU(), nn.Linear(8, 8))
    report = initialize(model, "orthogonal")
    assert report["0.weight"].parameters["gain"] == pytest.approx((2 / (1 + 0.25**2)) ** 0.5)
    assert report["1.weight"].name is None
    assert float(model[1].weight.detach()) == 0.25


class Steps(nn.Module):
    """A residual branch behind a recurrence, written as a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(16, 16), nn.Linear(16, 16), nn.GRUCell(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), 16)
        for t in range(x.shape[1]):
            h = self.c(x[:, t], h)
        return h + self.b(F.relu(self.a(h)))


def test_values_depend_on_neither_length_nor_content_of_the_sample() -> None:
    found = []
    for sample in (torch.zeros(2, 3, 16), torch.randn(1, 17, 16), torch.ones(4, 1, 16)):
        model = Steps()
        report = initialize(model, "orthogonal", sample_input=sample)
        assert len(report.network.branches) == 1
        found.append([p.detach().clone() for p in model.parameters()])
    for other in found[1:]:
        assert all(torch.equal(p, q) for p, q in zip(found[0], other, strict=True))


class Written(nn.Module):
    """An LSTM of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.i, self.h, self.o = nn.Linear(8, 64), nn.Linear(16, 64, bias=False), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(len(x), 16)
        for t in range(x.shape[1]):
            i, f, g, o = (self.i(x[:, t]) + self.h(h)).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.o(h)


def test_the_gates_of_a_recurrence_of_ones_own_are_kernels_of_their_own() -> None:
    model = Written()
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 3, 8))
    assert {report[f"{n}.weight"].weight.role for n in "ih"} == {"recurrent"}
    assert not report.network.branches
    for gate in model.h.weight.detach().chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(16), atol=1e-5, rtol=0)


def test_forget_gates_start_where_they_are_asked_to() -> None:
    model = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    initialize(model, ("orthogonal", {"forget_bias": 1.0}), sample_input=torch.zeros(2, 1, 3))
    for name, p in model.named_parameters():
        if "bias" in name:
            wanted = torch.zeros(16)
            wanted[4:8] = float("ih" in name)
            assert torch.equal(p, wanted), name
    with pytest.raises(ValueError, match="forget_bias is for LSTMs"):
        initialize(nn.Linear(3, 3), ("orthogonal", {"forget_bias": 1.0}))


def test_what_modules_say_counts() -> None:
    class Slow(nn.Module):
        """A state-space model's time step, and a gate that starts nearly closed."""

        def __init__(self) -> None:
            super().__init__()
            self.step, self.into, self.gate = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
            nn.init.constant_(self.gate.bias, -2.0)

        def forward(self, x: Tensor) -> Tensor:
            y = F.softplus(self.step(x)) * self.into(x)
            return torch.sigmoid(self.gate(x)) * y

    model = nn.Sequential(nn.Embedding(10, 8, padding_idx=3), Slow())
    kept = model[1].step.weight.clone(), model[1].step.bias.clone()
    report = initialize(model, "orthogonal", sample_input=torch.arange(4)[None])
    assert not model[0].weight[3].any()
    assert model[0].weight[4].any()
    assert torch.equal(model[1].step.weight, kept[0])
    assert torch.equal(model[1].step.bias, kept[1])
    assert (model[1].gate.bias == -2).all()
    assert report["1.gate.weight"].weight.role == "gate"


def test_no_reason_is_given_for_a_layer_that_is_not_reached() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.Linear(4, 4), nn.Conv1d(4, 6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x)

    report = initialize(Idle(), "orthogonal", sample_input=torch.zeros(2, 4))
    assert "does not reach it" in report["idle.weight"].why
    assert report["idle.weight"].name == "orthogonal"
    assert "1 roles are guesses" in report.headline or "guesses from names" in report.headline


def test_a_scheme_may_be_a_function_of_a_weight() -> None:
    def scheme(w: Any) -> Any:
        return ("orthogonal", {"gain": 2.0}) if w.role == "first" else None

    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    before = model[2].weight.clone()
    report = initialize(model, scheme)
    assert report["0.weight"].parameters["gain"] == 2.0
    assert torch.equal(model[2].weight, before)
    assert "scheme" in report.plan.scheme_name
    with pytest.raises(TypeError, match=r"for 0\.weight, needs an initializer's name"):
        initialize(model, lambda w: 3)


def test_a_scheme_can_be_for_a_part_of_the_model() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    before = model[0].weight.clone()
    report = initialize(model, "orthogonal", only="2.*")
    assert torch.equal(model[0].weight, before)
    assert set(report.untouched) == {"0.weight", "0.bias"}
    with pytest.raises(ValueError, match=r"fits no weight; did you mean 2\.weight"):
        initialize(model, "orthogonal", only=["2.weigth"])
    with pytest.raises(ValueError, match="would set no kernel"):
        initialize(model, "orthogonal", only="*.bias")


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_inputs_have_a_positive_scale(scale: float) -> None:
    with pytest.raises(ValueError, match="input_scale"):
        initialize(nn.Linear(3, 3), "orthogonal", input_scale=scale)


def test_reports_of_a_healthy_network_see_in_place_activations() -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32)]
    plain = nn.Sequential(*layers)
    in_place = nn.Sequential(*(nn.ReLU(True) if isinstance(m, nn.ReLU) else m for m in layers))
    x = torch.randn(16, 32)
    before = x.clone()
    reports = [signal_report(m, x) for m in (plain, in_place)]
    assert torch.equal(x, before)
    for a, b in zip(*(r.values() for r in reports), strict=True):
        assert a.signal == pytest.approx(b.signal, rel=1e-12)
