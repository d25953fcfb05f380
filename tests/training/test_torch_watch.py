"""`initcore_torch.training.Watch`: what it sees is so, and it names what is not finite."""

import math
import pickle

import pytest
import torch
from torch import nn

from initcore.training import Look, NotFiniteError
from initcore_torch import orthogonal_
from initcore_torch.training import Watch


def step(net: nn.Module, watch: Watch, number: int, x: torch.Tensor) -> Look | None:
    watch.begin(number)
    loss = net(x).square().mean()
    watch.check(loss, lambda: net(x))
    net.zero_grad()
    loss.backward()
    return watch.end()


def test_numbers_are_those_of_the_step(net: nn.Sequential) -> None:
    x = torch.randn(16, 8)
    look = step(net, Watch(net), 0, x)
    assert look is not None
    h = [net[0](x)]
    h.append(net[2](h[0].relu()))
    h.append(net[4](h[1].relu()))
    gradients = torch.autograd.grad(h[2].square().mean(), h)
    for i, (y, g) in enumerate(zip(h, gradients, strict=True)):
        assert look.signal[f"{2 * i}.weight"] == pytest.approx(y.square().mean().item(), rel=1e-5)
        assert look.gradient[f"{2 * i}.weight"] == pytest.approx(g.square().mean().item(), rel=1e-5)


def test_dead_units_are_counted(net: nn.Sequential) -> None:
    with torch.no_grad():
        net[0].bias[:8] = -1e6
    look = step(net, Watch(net), 0, torch.randn(4096, 8))
    assert look is not None
    assert look.dead["0.weight"] == 0.25
    assert look.dead["4.weight"] == 0.0


def test_singular_values_become_exact_and_follow_the_weights(net: nn.Sequential) -> None:
    watch, x = Watch(net, every=1), torch.randn(4, 8)
    orthogonal_(net[2].weight, gain=3.0, seed=0)
    look = step(net, watch, 0, x)
    assert look is not None
    assert look.singular_value["2.weight"] == pytest.approx(3.0, rel=1e-5)
    assert look.spread["2.weight"] == pytest.approx(1.0, rel=1e-5)
    for number in range(1, 60):
        look = step(net, watch, number, x)
    assert look is not None
    largest = float(torch.linalg.matrix_norm(net[0].weight.detach(), 2))
    assert look.singular_value["0.weight"] == pytest.approx(largest, rel=1e-4)


def test_kernels_of_every_layout_are_matrices_of_outputs_and_inputs() -> None:
    from transformers.pytorch_utils import Conv1D

    net = nn.Sequential(
        nn.ConvTranspose1d(3, 5, 3), nn.Conv1d(5, 4, 3), nn.Flatten(1, 2), Conv1D(6, 12)
    )
    with torch.no_grad():
        net[3].bias[:3] = -1e6
    net.append(nn.ReLU())
    look = step(net, Watch(net), 0, torch.randn(4, 1, 3, 3)[:, 0].transpose(1, 2))
    assert look is not None
    assert look.dead == {"0.weight": 0.0, "1.weight": 0.0, "3.weight": pytest.approx(0.5)}
    w = net[0].weight.detach().movedim(1, 0).flatten(1)
    largest = float(torch.linalg.matrix_norm(w, 2))
    assert look.singular_value["0.weight"] == pytest.approx(largest, rel=0.05)


def test_it_looks_every_few_steps_and_leaves_no_hooks_between(net: nn.Sequential) -> None:
    watch, x = Watch(net, every=3), torch.randn(4, 8)
    seen = [step(net, watch, number, x) is not None for number in range(7)]
    assert seen == [True, False, False, True, False, False, True]
    assert not any(module._forward_hooks for module in net.modules())


def test_looking_changes_no_value(net: nn.Sequential) -> None:
    x = torch.randn(4, 8)
    net(x).square().mean().backward()
    before = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    state = torch.get_rng_state()
    step(net, Watch(net), 0, x)
    assert torch.equal(state, torch.get_rng_state())
    after = [p.grad for p in net.parameters() if p.grad is not None]
    assert all(map(torch.equal, before, after))


def test_the_first_layer_that_is_not_finite_is_named(sick: nn.Sequential) -> None:
    watch, x = Watch(sick, every=100), torch.randn(4, 8)
    step(sick, watch, 0, x)
    step(sick, watch, 1, x)
    with pytest.raises(
        NotFiniteError, match=r"^step 2: the output of 3 is not finite, while its"
    ) as caught:
        step(sick, watch, 2, x)
    assert (caught.value.step, caught.value.layer, caught.value.what) == (2, "3", "signal")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert not any(module._forward_hooks for module in sick.modules())


def test_a_spoilt_weight_inputs_and_a_loss_are_told_apart(net: nn.Sequential) -> None:
    watch, x = Watch(net), torch.randn(4, 8)
    with pytest.raises(NotFiniteError, match="inputs are not finite"):
        step(net, watch, 0, x * math.inf)
    with pytest.raises(NotFiniteError, match="loss is not finite, while the outputs"):
        watch.check(torch.tensor(math.nan), lambda: net(x))
    with torch.no_grad():
        net[2].weight[3, 3] = math.nan
    with pytest.raises(NotFiniteError, match=r"the weight 2\.weight is not finite, before"):
        step(net, watch, 0, x)


def test_a_signal_of_a_look_stops_without_a_loss(sick: nn.Sequential) -> None:
    watch, x = Watch(sick, every=1), torch.randn(4, 8)
    for number in range(3):
        watch.begin(number)
        sick(x).square().mean().backward()
        if number < 2:
            assert watch.end() is not None
    with pytest.raises(NotFiniteError, match=r"the output at 5\.weight is the first"):
        watch.end()


@pytest.mark.parametrize("every", [0, 1.5, "10", True])
def test_a_number_of_steps_is_needed(net: nn.Sequential, every: object) -> None:
    with pytest.raises(ValueError, match="needs every to be an integer >= 1, a number of steps"):
        Watch(net, every=every)  # type: ignore[arg-type]


def test_layers_of_a_compiled_model_have_numbers_of_their_weights(net: nn.Sequential) -> None:
    compiled = torch.compile(net, backend="eager")
    x = torch.randn(4, 8)
    compiled(x)
    look = step(compiled, Watch(compiled), 0, x)  # type: ignore[arg-type]
    assert look is not None
    assert sorted(look.singular_value) == ["0.weight", "2.weight", "4.weight"]
