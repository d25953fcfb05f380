"""Every model of `keras.applications`: its roles against tables, and `initialize` on it."""

import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from initcore.networks import describe_network
from initcore_keras import initialize
from initcore_keras.networks import trace

BACKEND = keras.backend.backend()


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def roles_of(model: Any, sample: Any = None) -> dict[str, str]:
    return {w.path: w.role for w in describe_network(trace(model, sample)).weights}


def resnet_roles(model: Any) -> dict[str, str]:
    """By hand: bottlenecks of three convolutions, a projection at the first of each stage."""
    found = {}
    for w in model.trainable_variables:
        layer, _, kind = w.path.rpartition("/")
        if kind in ("gamma", "beta"):
            role = "normalization"
        elif kind == "bias":
            role = "bias"
        elif layer == "conv1_conv":
            role = "first"
        elif layer == "predictions":
            role = "output"
        else:
            role = {"0": "skip_projection", "3": "branch_last"}.get(layer.split("_")[2], "hidden")
        found[w.path] = role
    return found


def mobilenet_roles(model: Any) -> dict[str, str]:
    """By hand: expand, depthwise, project; a shortcut where stride and width allow."""
    # At width 0.35 blocks 1 and 2 have 8 channels, 3 to 5 16, 6 to 9 24, 10 to 12 32, 13 to 15 56.
    adds = (2, 4, 5, 7, 8, 9, 11, 12, 14, 15)
    found = {}
    for w in model.trainable_variables:
        layer, _, kind = w.path.rpartition("/")
        if kind in ("gamma", "beta"):
            role = "normalization"
        elif kind == "bias":
            role = "bias"
        elif "depthwise" in layer:
            role = "depthwise"
        elif layer == "Conv1":
            role = "first"
        elif layer == "predictions":
            role = "output"
        else:
            last = layer in {f"block_{n}_project" for n in adds}
            role = "branch_last" if last else "hidden"
        found[w.path] = role
    return found


def convnext_roles(model: Any) -> dict[str, str]:
    """By hand: depthwise, two dense layers and a layer scale in each block."""
    found = {}
    for w in model.trainable_variables:
        layer, _, kind = w.path.rpartition("/")
        if layer.endswith("layer_scale"):
            role = "multiplier"
        elif kind in ("gamma", "beta"):
            role = "normalization"
        elif kind == "bias":
            role = "bias"
        elif "depthwise" in layer:
            role = "depthwise"
        elif layer.endswith("pointwise_conv_2"):
            role = "branch_last"
        elif "stem" in layer:
            role = "first"
        elif "head" in layer:
            role = "output"
        else:
            role = "hidden"
        found[w.path] = role
    return found


APPLICATIONS = {
    "ResNet50": resnet_roles,
    "MobileNetV2": mobilenet_roles,
    "ConvNeXtTiny": convnext_roles,
}


# JAX compiles for long, and the tables are those of every backend.
QUICK = ["MobileNetV2"] if BACKEND == "jax" else APPLICATIONS


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in QUICK else pytest.mark.thorough) for n in APPLICATIONS],
)
def test_roles_of_applications_are_those_of_the_tables(name: str) -> None:
    how = {"alpha": 0.35} if name == "MobileNetV2" else {}
    with np.errstate(all="ignore"):  # NumPy's backend infers shapes from arrays of any numbers
        model = getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), **how)
    assert roles_of(model) == APPLICATIONS[name](model)


NAMES = [n for n in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, n))]


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_every_application_is_initialized_and_stays_itself(name: str, tmp_path: Path) -> None:
    model = getattr(keras.applications, name)(weights=None)
    config, still = model.get_config(), values_of_frozen(model)
    report = initialize(model, "orthogonal", seed=1)
    assert report.network.graph.traced
    assert {a.weight.path for a in report.values()} >= {v.path for v in model.trainable_variables}
    assert not [a for a in report.values() if a.weight.role == "other"]
    shape = (1, *(n or 224 for n in model.input_shape[1:]))
    if BACKEND != "numpy":  # which convolves by loops
        assert np.isfinite(numpy(model(np.zeros(shape, "float32")))).all()
    assert model.get_config() == config
    for before, after in zip(still, values_of_frozen(model), strict=True):
        assert np.array_equal(before, after)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    model.load_weights(path)
    keras.backend.clear_session()


def values_of_frozen(model: Any) -> list[Any]:
    return [numpy(w).copy() for w in model.non_trainable_variables]
