"""Plans of Keras's models: as text, into copies, proved by a line that all backends share."""

import keras
import numpy as np
import pytest

import initcore_keras as init
from initcore.networks import Plan


def net(width: int = 16) -> keras.Model:
    layers = [keras.layers.Dense(width, "tanh", name="a"), keras.layers.Dense(3, name="b")]
    return keras.Sequential([keras.Input((8,)), *layers])


def test_a_plan_as_text_gives_what_initialize_gives() -> None:
    model, copy = net(), net()
    before = [np.asarray(w) for w in model.get_weights()]
    plan = init.plan(model, "orthogonal", seed=3)
    assert all(map(np.array_equal, before, model.get_weights()))
    report = Plan.from_json(plan.to_json()).apply(copy)
    init.initialize(model, "orthogonal", seed=3)
    assert len(report) == 4
    assert all(map(np.array_equal, copy.get_weights(), model.get_weights()))
    assert plan.fingerprint(copy) == plan.fingerprint(model)
    # The same in every framework: tests/networks/test_torch_plans.py has it too.
    names = {"a/kernel": "a", "b/kernel": "b", "a/bias": "ab", "b/bias": "bb"}
    assert init.plan(net(), "orthogonal", seed=3, paths=names).hash == "1265c5a852db5627"


def test_changed_weights_and_other_models_are_found() -> None:
    model = net()
    plan = init.plan(model, "orthogonal", seed=3)
    plan.apply(model)
    kernel = model.get_layer("b").kernel
    kernel.assign(np.asarray(keras.ops.convert_to_numpy(kernel)) + 0.01)
    with pytest.raises(ValueError, match="b/kernel is not what the plan gives it"):
        plan.fingerprint(model)
    with pytest.raises(ValueError, match="the plan is of another model"):
        plan.apply(net(24))
