"""`initcore_torch.training.Watch`: what it sees is so, and it names what is not finite."""

import math
import pickle

import pytest
import torch
from torch import nn

from initcore.training import Look, NotFiniteError
from initcore_torch import orthogonal_
from initcore_torch.training import Watch
from tests.tools.mutants import Mutant, each_is_found


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
    orthogonal_(net[0].weight, seed=0)
    with torch.no_grad():  # values so close that one look's products do not tell them apart
        net[0].weight *= torch.linspace(0.85, 1.0, 8)
    look = step(net, watch, 0, x)
    assert look is not None
    assert look.singular_value["2.weight"] == pytest.approx(3.0, rel=1e-5)
    assert look.spread["2.weight"] == pytest.approx(1.0, rel=1e-5)
    for number in range(1, 60):
        look = step(net, watch, number, x)
    assert look is not None
    assert look.singular_value["0.weight"] == pytest.approx(1.0, rel=1e-5)


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
        NotFiniteError, match=r"^step 2: the output of 1 is not finite, while its"
    ) as caught:
        step(sick, watch, 2, x)
    assert (caught.value.step, caught.value.layer, caught.value.what) == (2, "1", "signal")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert not any(module._forward_hooks for module in sick.modules())


def test_a_step_that_is_looked_at_and_breaks_leaves_no_hooks(sick: nn.Sequential) -> None:
    watch, x = Watch(sick, every=2), torch.randn(4, 8)
    step(sick, watch, 0, x)
    step(sick, watch, 1, x)
    with pytest.raises(NotFiniteError, match="step 2"):
        step(sick, watch, 2, x)
    assert not any(module._forward_hooks for module in sick.modules())


def test_layers_that_did_not_run_have_no_signal_and_tables_no_dead_units() -> None:
    class Choosy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.a, self.b = nn.Embedding(9, 8), nn.Linear(8, 8), nn.Linear(8, 8)
            self.both = True

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.a(self.table(x))
            return self.b(x) if self.both else x

    net, x = Choosy(), torch.arange(3)
    watch = Watch(net, every=1)
    for net.both in (True, False):
        look = step(net, watch, 0, x)
        assert look is not None
        run = {"table.weight", "a.weight"} | ({"b.weight"} if net.both else set())
        assert set(look.signal) == set(look.gradient) == run
        assert "b.weight" in look.singular_value
        assert "table.weight" not in look.dead


def test_gradients_that_are_not_finite_are_told_from_the_end(net: nn.Sequential) -> None:
    watch = Watch(net)
    watch.begin(0)
    (net(torch.randn(4, 8)).sum() * math.inf).backward()
    look = watch.end()
    assert look is not None
    assert look.not_finite == ("4.weight", "gradient")
    assert list(look.gradient) == list(look.signal) == ["0.weight", "2.weight", "4.weight"]
    assert look.numbers()["initcore_gradient/4.weight"] == math.inf


def test_the_extreme_numbers_are_those_of_the_finite_layers() -> None:
    values = {"a": math.nan, "b": 2.0, "c": 5.0}
    look = Look(0, signal=values, gradient=values, dead=values, spread=values)
    assert look.numbers(layers=False) == {
        "initcore/signal_least": 2.0, "initcore/signal_largest": 5.0,
        "initcore/gradient_least": 2.0, "initcore/gradient_largest": 5.0,
        "initcore/dead_largest": 5.0, "initcore/spread_largest": 5.0,
    }  # fmt: skip


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
    with pytest.raises(NotFiniteError, match=r"the output at 3\.weight is the first"):
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


WATCH, LOOK = "initcore_torch.training._watch:", "initcore.training._look:Look."
MUTANTS = [
    Mutant(f"{WATCH}Watch.begin", "step % self._every == 0", "True",
           test_it_looks_every_few_steps_and_leaves_no_hooks_between),
    Mutant(f"{WATCH}Watch.begin", "self._signals, self._gradients = {}, {}", "pass",
           test_layers_that_did_not_run_have_no_signal_and_tables_no_dead_units),
    Mutant(f"{WATCH}Watch._keep", "mean_square(output.detach", "mean_square(args[0].detach",
           test_numbers_are_those_of_the_step),
    Mutant(f"{WATCH}Watch._gradient", "mean_square(gradient", "mean_square(0.5 * gradient",
           test_numbers_are_those_of_the_step),
    Mutant(f"{WATCH}mean_square", "(x * x).mean()", "abs(x).mean()",
           test_numbers_are_those_of_the_step),
    Mutant(f"{WATCH}dead_units", ".any(1)", ".any(0)", test_dead_units_are_counted),
    Mutant(f"{WATCH}Watch.end", "type(layer) is not nn.Embedding", "True",
           test_layers_that_did_not_run_have_no_signal_and_tables_no_dead_units),
    Mutant(f"{WATCH}Watch.end", "_matrix(layer, w)", "_matrix(layer, self._model[0].weight)",
           test_singular_values_become_exact_and_follow_the_weights),
    Mutant(f"{WATCH}Watch._largest", "value, self._directions[path] =", "value, _ =",
           test_singular_values_become_exact_and_follow_the_weights),
    Mutant(f"{WATCH}Watch._largest", "Rng(0).fold_in(path).normal((matrix.shape[1],))",
           "torch.randn(matrix.shape[1]).numpy()", test_looking_changes_no_value),
    Mutant(f"{WATCH}_matrix", "w.movedim(1, 0) if swapped else w", "w",
           test_kernels_of_every_layout_are_matrices_of_outputs_and_inputs),
    Mutant(f"{WATCH}Watch.close", "handle.remove()", "pass",
           test_it_looks_every_few_steps_and_leaves_no_hooks_between),
    Mutant(f"{WATCH}Watch.check", "self.close()", "pass",
           test_a_step_that_is_looked_at_and_breaks_leaves_no_hooks),
    Mutant(f"{WATCH}Watch._until_not_finite", "handle.remove()", "pass",
           test_the_first_layer_that_is_not_finite_is_named),
    Mutant(f"{WATCH}Watch._until_not_finite", "tensors(output))", "tensors(args))",
           test_the_first_layer_that_is_not_finite_is_named),
    Mutant(f"{WATCH}Watch._until_not_finite", '"signal" if sound else "input"', '"signal"',
           test_a_spoilt_weight_inputs_and_a_loss_are_told_apart),
    Mutant(f"{WATCH}Watch._check_weights", "not _is_finite(w)", "False",
           test_a_spoilt_weight_inputs_and_a_loss_are_told_apart),
    Mutant(f"{WATCH}Watch.end", "look.not_finite is not None", "False",
           test_a_signal_of_a_look_stops_without_a_loss),
    Mutant(f"{WATCH}Watch.end", "dict(reversed(self._gradients.items()))", "self._gradients",
           test_gradients_that_are_not_finite_are_told_from_the_end),
    Mutant(f"{LOOK}not_finite", "broken[0] if", "broken[-1] if",
           test_a_signal_of_a_look_stops_without_a_loss),
    Mutant(f"{LOOK}not_finite", "else broken[-1]", "else broken[0]",
           test_gradients_that_are_not_finite_are_told_from_the_end),
    Mutant(f"{LOOK}numbers", "if math.isfinite(v)", "",
           test_the_extreme_numbers_are_those_of_the_finite_layers),
    Mutant(f"{LOOK}numbers", "end(known)", "known[0]",
           test_the_extreme_numbers_are_those_of_the_finite_layers),
    Mutant(f"{WATCH}plain_name", " if n not in WRAPPERS", "",
           test_layers_of_a_compiled_model_have_numbers_of_their_weights),
]  # fmt: skip

test_a_wrong_watch_is_found = each_is_found(MUTANTS)
