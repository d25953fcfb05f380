"""What a user writes, for type checkers: never run.

A line marked `# wrong` must be reported by each checker, and no other line.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

import initcore
import initcore_jax
import initcore_keras
import initcore_torch
from initcore import theory
from initcore_torch import initialize


def some_library() -> Any:
    return np


def drawn_from(rng: initcore.Rng) -> Any:
    """An `Rng` of any library gives any array."""
    return initcore.orthogonal(rng, (2, 2)).tolist()


def core() -> float:
    rng = initcore.Rng(0, xp=np, dtype="float64")
    first, second = rng.split(2)
    w = initcore.orthogonal(first, (256, 128), gain=2**0.5)
    total: float = float(w.sum()) + w.shape[0]
    numpy_array: np.ndarray[Any, Any] = initcore.he_normal(first, [3, 4], out=w)
    tensor: torch.Tensor = initcore.normal(initcore.Rng(0, xp=torch), 8, std=0.1)
    traced: jax.Array = initcore.conv_orthogonal(initcore.Rng(0, xp=jnp).fold_in(1), (4, 2, 3))
    anything: list[int] = initcore.zeros(initcore.Rng(0, xp=some_library()), (2, 2))
    print(total, numpy_array, tensor, traced, anything, drawn_from(first))
    initcore.delta_orthogonal(second.fold_in("conv"), (8, 8, 3, 3), groups=2)
    names: list[str] = sorted(initcore.specs)
    statement: str = initcore.specs[names[0]].statement
    point = theory.critical_point("tanh", q=0.025)
    return initcore.gain("gelu") + point.sigma_w + len(statement)


def core_wrong() -> None:
    initcore.orthogonal((256, 128), gain=1.0)  # wrong
    initcore.orthogonal(initcore.Rng(0), (256, 128), gian=1.0)  # wrong
    initcore.orthogonal(initcore.Rng(0), (256, 128), gain="big")  # wrong
    initcore.Rng("seed")  # wrong
    initcore.orthogonal(initcore.Rng(0), "256")  # wrong
    initcore.orthogonal(initcore.Rng(0), (2.0, 2.0))  # wrong
    initcore.orthogonal(initcore.Rng(0), (2, 2)).backward()  # wrong
    initcore.ones(initcore.Rng(0, xp=torch), 2).astype("float64")  # wrong
    initcore.normal(initcore.Rng(0), 2, out=torch.zeros(2))  # wrong
    array: jax.Array = initcore.glorot_uniform(initcore.Rng(0, xp=torch), (2, 2))  # wrong
    initcore.Rng(0).uniform((2, 2)).numpy()  # wrong
    print(array)
    initcore.orthogonale(initcore.Rng(0), (2, 2))  # wrong
    text: str = initcore.gain("gelu")  # wrong
    print(text)


def pytorch() -> torch.Tensor:
    layer = torch.nn.Linear(128, 256)
    weight: torch.Tensor = initcore_torch.orthogonal_(layer.weight, gain=2**0.5, seed=0)
    initcore_torch.kaiming_normal_(layer.weight, nonlinearity="relu")
    report = initialize(torch.nn.Sequential(layer), "orthogonal", seed=1)
    net = torch.nn.Sequential(layer, torch.nn.Linear(256, 10))
    initialize(net, ("orthogonal", {"gain": 2.0}), overrides={"1.*": None, "output": "zeros"})
    initialize(net, {"hidden": ("mirrored", {"part": "hidden"})}, only=["0.*"])
    initialize(net, lambda weight: "he_normal" if weight.role == "hidden" else None)
    print(report)
    return weight


def pytorch_wrong() -> None:
    layer = torch.nn.Linear(128, 256)
    initcore_torch.orthogonal_(layer, gain=1.0)  # wrong
    initcore_torch.orthogonal_(layer.weight, seed="0")  # wrong
    initcore_torch.orthogonal(layer.weight).backwards()  # wrong
    initcore_torch.orthogonal_(layer.weight, groups="2")  # wrong
    initcore_torch.orthogonal_(layer.weight, no_such=1)  # wrong
    initcore_torch.kaiming_normal_(layer.weight, mode="fan")  # wrong
    initcore_torch.trunc_normal_(layer.weight, std="1")  # wrong
    initcore_torch.constant_(layer.weight)  # wrong
    initcore_torch.scaled_orthogonal_(layer.weight, narrowing="none")  # wrong
    initcore_torch.mirrored_(layer.weight, part="middle")  # wrong
    initcore_torch.calculate_gain(3)  # wrong
    initialize(layer.weight, "orthogonal")  # wrong
    initialize(layer, "orthogonal", 1)  # wrong
    initialize(layer, 3)  # wrong
    initialize(layer, ("orthogonal", 2.0))  # wrong
    initialize(layer, "orthogonal", overrides={"output": 1.0})  # wrong
    initialize(layer, "orthogonal", overrides="output")  # wrong


def in_jax() -> jax.Array:
    init: initcore_jax.Initializer = initcore_jax.orthogonal(scale=2.0)
    initcore_jax.variance_scaling(1.0, "fan_in", "normal", out_axis=0, batch_axis=())
    initcore_jax.he_normal(in_axis=(0, 1), out_axis=2, dtype="bfloat16", groups=2)
    initcore_jax.constant([1, 2], dtype=np.int32)
    initcore_jax.constant(initcore_jax.ones(None, (3,)))
    initcore_jax.ones_init()(jax.random.key(0), [3, 2], "int8")
    initcore_jax.zeros(None, (2,), "int8", out_sharding=None)
    initcore_jax.haiku(initcore_jax.zeros)((2, 3), "float32")
    return init(jax.random.key(0), (128, 256))


def in_jax_wrong() -> None:
    initcore_jax.orthogonal(scale="x")  # wrong
    initcore_jax.orthogonal(in_axis="in")  # wrong
    initcore_jax.variance_scaling(1.0, "fan", "normal")  # wrong
    initcore_jax.variance_scaling(1.0, "fan_in", "cauchy")  # wrong
    initcore_jax.he_normal(groups="2")  # wrong
    initcore_jax.he_normal(no_such=1)  # wrong
    initcore_jax.mirrored(part="middle")  # wrong
    initcore_jax.sparse_orthogonal(0.1, sampling="none")  # wrong
    initcore_jax.idinit(taps="edge")  # wrong
    initcore_jax.sparse()  # wrong
    initcore_jax.constant("1")  # wrong
    initcore_jax.zeros(0, (2, 3))  # wrong
    initcore_jax.zeros(None, "shape")  # wrong
    initcore_jax.orthogonal(column_axis="last")  # wrong
    initcore_jax.orthogonal(gain=2.0)  # wrong
    print(initcore_jax.orthogonal().shape)  # wrong


def in_keras() -> initcore_keras.CoreInitializer:
    initcore_keras.DeltaOrthogonal(seed=0)
    initcore_keras.HeNormal(seed=np.int64(3), kind="transposed", groups=2)
    initcore_keras.VarianceScaling(2.0, "fan_geo_avg", "untruncated_normal", 3, [0], (1, 2))
    initcore_keras.Constant([1, 2])
    initcore_keras.Identity(2.0, kind="depthwise")
    initcore_keras.deserialize(initcore_keras.HeNormal().get_config(), {"Mine": object})
    scale: float = initcore_keras.HeNormal().scale
    initcore_keras.RandomNormal(0.0, scale)
    return initcore_keras.Orthogonal(gain=2.0, seed=0)


def in_keras_wrong() -> None:
    initcore_keras.HeNormal(no_such=1)  # wrong
    initcore_keras.HeNormal(kind="conv")  # wrong
    initcore_keras.HeNormal(seed="0")  # wrong
    initcore_keras.GlorotUniform(groups="2")  # wrong
    initcore_keras.VarianceScaling(mode="fan")  # wrong
    initcore_keras.VarianceScaling(distribution="cauchy")  # wrong
    initcore_keras.VarianceScaling(input_axes="0")  # wrong
    initcore_keras.Mirrored(part="middle")  # wrong
    initcore_keras.Sparse()  # wrong
    initcore_keras.Zeros(1)  # wrong
    initcore_keras.Orthogonal(gain="2")  # wrong
    initcore_keras.Orthogonall()  # wrong
