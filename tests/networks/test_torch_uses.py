"""How a weight is used tells what it is; in each pair of networks it is used in two ways."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import initcore_torch as init

X = torch.linspace(-2, 2, 80).sin().view(2, 5, 8)


class Net(nn.Module):
    """Linear layers of width 8 and weights by name, and a function of them and the input."""

    def __init__(self, call: Callable[[Any, Tensor], Tensor], *layers: str, **weights: Any) -> None:
        super().__init__()
        self.call = call
        for name in layers:
            self.add_module(name, nn.Linear(8, 8, bias=False))
        for name, given in weights.items():
            if isinstance(given, nn.Module):
                self.add_module(name, given)
            else:
                self.register_parameter(name, nn.Parameter(torch.zeros(given)))

    def forward(self, x: Tensor) -> Tensor:
        return self.call(self, x)


def found(net: nn.Module, x: Any = X) -> Any:
    return init.initialize(net, "orthogonal", sample_input=x)


def role(net: nn.Module, path: str, x: Any = X) -> str:
    return str(found(net, x)[path].weight.role)


def scores(n: Net, x: Tensor) -> Tensor:
    return n.q(x) @ n.k(x).mT


@pytest.mark.parametrize(
    ("phi", "expected"),
    [
        (torch.sigmoid, "gate"),
        (lambda z: 2 * torch.sigmoid(z), "gate"),
        (lambda z: F.silu(z).clamp(max=7), "first"),  # a signal that is cut far out
        (F.relu6, "first"),
    ],
)
def test_a_gate_is_bounded_near_1(phi: Any, expected: str) -> None:
    assert role(Net(lambda n, x: n.o(phi(n.a(x)) * n.b(x)), "a", "b", "o"), "a.weight") == expected


def test_the_signal_of_a_gate_is_none() -> None:
    both = Net(lambda n, x: n.o(torch.tanh(n.a(x)) * torch.sigmoid(n.b(x))), "a", "b", "o")
    alone = Net(lambda n, x: n.o(torch.tanh(n.a(x)) * n.b(x)), "a", "b", "o")
    assert (role(both, "a.weight"), role(both, "b.weight")) == ("first", "gate")
    assert role(alone, "a.weight") == "gate"


@pytest.mark.parametrize(
    ("phi", "expected"),
    [
        (F.softplus, "time_step"),
        (lambda z: F.softplus(z).clamp(min=1e-3), "time_step"),
        (lambda z: (z + (z * z + 4).sqrt()) / 2, "time_step"),
        (F.relu, "first"),
        (F.gelu, "first"),
    ],
)
def test_a_time_step_is_positive_and_goes_on_as_its_argument(phi: Any, expected: str) -> None:
    assert role(Net(lambda n, x: n.o(phi(n.a(x)) * n.b(x)), "a", "b", "o"), "a.weight") == expected


def test_a_normalization_has_one_scale_and_one_shift() -> None:
    def mixed(n: Net, x: Tensor) -> Tensor:
        y = n.norm(x)
        return n.o(y * n.mix + F.pad(y, (0, 0, 1, -1)) * (1 - n.mix) + n.more)

    net = Net(mixed, "o", norm=nn.LayerNorm(8), mix=(8,), more=(8,))
    own = Net(lambda n, x: n.o(n.norm(x) * n.mix), "o", mix=(8,),
              norm=nn.LayerNorm(8, elementwise_affine=False))  # fmt: skip
    assert (role(net, "mix"), role(net, "norm.weight")) == ("multiplier", "normalization")
    assert role(net, "more") == "bias"
    assert role(own, "mix") == "normalization"


def test_what_is_added_through_a_curve_is_left_alone() -> None:
    curved = Net(lambda n, x: n.o(torch.exp(n.a(x) - n.rate.exp())), "a", "o", rate=(8,))
    straight = Net(lambda n, x: n.o(torch.exp(n.a(x) - 2 * n.rate)), "a", "o", rate=(8,))
    assert found(curved)["rate"].name is None
    assert role(straight, "rate") == "bias"


def test_a_table_of_one_row_is_no_bias() -> None:
    table, plain = nn.Embedding(1, 8), nn.Parameter(torch.zeros(1, 8))
    assert role(Net(lambda n, x: n.o(x + n.t.weight), "o", t=table), "t.weight") == "position"
    assert role(Net(lambda n, x: n.o(n.a(x) + n.t), "a", "o", t=plain.shape), "t") == "bias"


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_a_sink_joins_scores_and_a_token_joins_the_signal(shift: float) -> None:
    def attend(n: Net, x: Tensor) -> Tensor:
        s = torch.cat([scores(n, x), n.sink.expand(len(x), 5, 1)], -1)
        return n.o((s - shift * s.amax(-1, keepdim=True)).softmax(-1)[..., :-1] @ n.v(x))

    def token(n: Net, x: Tensor) -> Tensor:
        x = torch.cat([x, n.sink.expand(len(x), 1, 8)], 1)
        return n.o(scores(n, x).softmax(-1) @ n.v(x))

    assert role(Net(attend, *"qkvo", sink=(1,)), "sink") == "bias"
    assert role(Net(token, *"qkvo", sink=(8,)), "sink") == "latent"


def test_all_tokens_that_are_joined_to_each_other_are_tokens() -> None:
    def join(n: Net, x: Tensor) -> Tensor:
        return n.o(torch.cat([torch.cat([n.s, n.t.weight]).expand(len(x), -1, -1), x], 1))

    report = found(Net(join, "o", s=(1, 8), t=nn.Embedding(3, 8)))
    assert {report[path].weight.role for path in ("s", "t.weight")} == {"latent"}


def test_rows_that_a_pass_leaves_unread_are_no_kernel_of_their_own() -> None:
    def several(n: Net, x: Tensor) -> Tensor:
        h = n.a(x)
        return n.o(F.relu(h[..., 2:]) @ torch.ones(6, 8) + F.pad(torch.tanh(h[..., :2]), (0, 6)))

    some = Net(lambda n, x: n.a(x)[..., 2:], "a")
    assert not found(some)["a.weight"].weight.pieces
    assert len(found(Net(several, "a", "o"))["a.weight"].weight.pieces) == 2


def test_scale_and_shift_of_a_normalization_are_modulations() -> None:
    def adaptive(n: Net, x: Tensor) -> Tensor:
        return n.o(F.layer_norm(n.a(x), (8,)) * (1 + n.scale(x)) + n.shift(x))

    def plain(n: Net, x: Tensor) -> Tensor:
        return n.o(n.a(x) * (1 + n.scale(x)) + n.shift(x))

    def twice(n: Net, x: Tensor) -> Tensor:
        scale, shift, more, further = n.a(x.mean(1, keepdim=True)).chunk(4, -1)
        y = x[..., :2] + n.s(F.layer_norm(x[..., :2], (2,)) * (1 + scale) + shift)
        return y + n.t(F.layer_norm(y, (2,)) * (1 + more) + further)

    layers = ("a", "scale", "shift", "o")
    assert [role(Net(adaptive, *layers), f"{p}.weight") for p in layers[1:3]] == 2 * ["modulation"]
    assert "modulation" not in [role(Net(plain, *layers), f"{p}.weight") for p in layers]
    both = found(Net(twice, "a", s=nn.Linear(2, 2), t=nn.Linear(2, 2)))["a.weight"].weight
    assert [piece.role for piece in both.pieces] == 4 * ["modulation"]


def test_a_query_inside_a_recurrence_is_no_kernel_of_the_state() -> None:
    def steps(n: Net, x: Tensor, soft: bool) -> Tensor:
        h, keys = x[:, 0], n.k(x)
        for _ in range(3):
            y = torch.tanh(n.q(h)[:, None] + keys)
            weights = n.s(y).softmax(1) if soft else n.s(y)
            h = torch.tanh(n.w((weights * x).sum(1)))
        return n.o(h)

    read = Net(lambda n, x: steps(n, x, True), *"qkswo")
    fed = Net(lambda n, x: steps(n, x, False), *"qkswo")
    assert (role(read, "q.weight"), role(fed, "q.weight")) == ("hidden", "recurrent")


def test_an_activation_is_seen_through_masks_and_edges_but_not_through_products_of_layers() -> None:
    def masked(n: Net, x: Tensor) -> Tensor:
        return n.o(F.relu(n.a(x) * (x[..., :1] > 0).float()))

    def edges(n: Net, x: Tensor) -> Tensor:
        y = torch.zeros(2, 5, 8).index_add(1, torch.tensor([1, 2, 0, 0, 4]), n.a(x) * x[..., :1])
        return n.o(F.relu(y))

    def gated(n: Net, x: Tensor) -> Tensor:
        return n.o(F.relu(n.a(x) * n.b(x)))

    seen = [found(Net(call, "a", "b", "o"))["a.weight"].weight.activation_name
            for call in (masked, edges, gated)]  # fmt: skip
    assert seen == ["relu", "relu", "identity"]


def test_an_activation_is_seen_through_sums_with_scaled_layers_and_tables() -> None:
    def call(n: Net, x: Tensor) -> Tensor:
        return n.o(F.silu(n.a(x) + 8 * n.b(x) + n.t(torch.zeros(2, 1, dtype=torch.long))))

    report = found(Net(call, "a", "b", "o", t=nn.Embedding(3, 8)))
    assert report["a.weight"].weight.activation_name == "silu"


def test_relative_positions_are_tables_and_heads_are_mixed_by_kernels() -> None:
    def call(n: Net, x: Tensor) -> Tensor:
        q = n.q(x)
        p = (q @ n.k(x).mT + q @ n.near.mT).softmax(-1)
        return n.o((p @ n.mix) @ n.v(x) + p @ n.far)

    net = Net(call, *"qkvo", near=(5, 8), far=(5, 8), mix=(5, 5))
    assert (role(net, "near"), role(net, "far")) == ("position", "position")
    assert role(net, "mix") != "position"


def test_relative_positions_in_the_mask_of_a_fused_attention_are_tables() -> None:
    def call(n: Net, x: Tensor) -> Tensor:
        q, k, v = (layer(x)[:, None] for layer in (n.q, n.k, n.v))
        mask = q @ n.near[1:6].mT
        return n.o(F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[:, 0])

    assert role(Net(call, *"qkvo", near=(7, 8)), "near") == "position"


def test_a_feed_forward_branch_is_on_a_stem_that_attends() -> None:
    def call(n: Net, x: Tensor) -> Tensor:
        y = x + n.p(F.scaled_dot_product_attention(n.q(x), n.k(x), n.v(x)))
        y = n.m(y + n.b(F.gelu(n.a(y))))
        return y + n.d(F.gelu(n.c(y)))

    report = found(Net(call, *"qkvpabmcd"))
    roles = {p: report[f"{p}.weight"].weight.role for p in "abcd"}
    assert roles == {"a": "feed_forward_in", "b": "feed_forward_out", "c": "hidden",
                     "d": "branch_last"}  # fmt: skip


def test_positions_that_are_added_once_more_make_no_branch() -> None:
    def call(n: Net, x: Tensor, again: bool) -> Tensor:
        y = n.norm(x + n.b(F.relu(n.a(x))))
        y = y + n.d(F.relu(n.c(y + x if again else y)))
        return n.o(y)

    for again in (False, True):
        net = Net(lambda n, x, again=again: call(n, x, again), *"abcdo", norm=nn.LayerNorm(8))
        assert len(found(net).network.branches) == 2


def test_a_part_of_a_kernel_ends_a_branch_only_if_it_arrives_there() -> None:
    def call(n: Net, x: Tensor) -> Tensor:
        stay, skip = n.a(F.relu(n.b(x))).chunk(2, -1)
        return n.o(torch.cat([x[..., :4] + stay, F.relu(skip)], -1))

    pieces = found(Net(call, "a", "b", "o"))["a.weight"].weight.pieces
    assert [piece.role for piece in pieces] == ["branch_last", "hidden"]


def test_an_unreached_copy_of_a_module_is_treated_like_it() -> None:
    def block() -> nn.Module:
        return nn.ModuleDict({"net": nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(8, 8)])})})

    def call(n: Net, x: Tensor) -> Tensor:
        return n.o(F.silu(n.first["net"]["layers"][0](x)))

    report = found(Net(call, "o", first=block(), second=block()))
    like = report["second.net.layers.0.weight"].weight
    assert (like.activation_name, like.by) == ("silu", "graph")
    assert "as first.net.layers.0.weight" in like.parameter.note
    assert report["second.net.layers.0.weight"].name == "orthogonal"


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("dim", [0, None])
@pytest.mark.parametrize("norm", [nn.utils.weight_norm, nn.utils.parametrizations.weight_norm])
def test_a_kernel_of_0_behind_a_weight_normalization_is_0(norm: Any, dim: int | None) -> None:
    net = Net(lambda n, x: x + n.b(F.relu(n.a(x))), "a", b=norm(nn.Linear(8, 8), dim=dim))
    init.initialize(net, "fixup", sample_input=X)
    y = net(X)
    y.sum().backward()
    assert torch.equal(y, X)
    assert all(bool(torch.isfinite(p.grad).all()) for p in net.parameters())


@pytest.mark.parametrize("tokens", [1, 2])
def test_a_normalization_is_seen_over_one_element_as_over_many(tokens: int) -> None:
    def over_tokens(n: Net, x: Tensor) -> Tensor:
        h = n.a(x)
        h = h - h.mean((0, 1), keepdim=True)
        h = h * torch.rsqrt(h.square().mean((0, 1), keepdim=True) + 1e-5) * n.scale + n.shift
        return n.o(F.relu(h))

    report = found(Net(over_tokens, "a", "o", scale=(8,), shift=(8,)), X[:1, :tokens])
    roles = [report[path].weight.role for path in ("scale", "shift")]
    assert roles == 2 * ["normalization"]
    assert report["a.weight"].weight.activation_name == "relu"
