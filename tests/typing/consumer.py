"""What a user writes, for type checkers: never run.

A line marked `# wrong` must be reported by each checker, and no other line.
"""

import jax
import numpy as np
import torch

import initcore
import initcore_jax
import initcore_keras
import initcore_torch
from initcore import theory
from initcore_torch import initialize


def core() -> float:
    rng = initcore.Rng(0, xp=np, dtype="float64")
    first, second = rng.split(2)
    initcore.orthogonal(first, (256, 128), gain=2**0.5)
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
    initcore.orthogonale(initcore.Rng(0), (2, 2))  # wrong
    text: str = initcore.gain("gelu")  # wrong
    print(text)


def pytorch() -> torch.Tensor:
    layer = torch.nn.Linear(128, 256)
    weight: torch.Tensor = initcore_torch.orthogonal_(layer.weight, gain=2**0.5, seed=0)
    initcore_torch.kaiming_normal_(layer.weight, nonlinearity="relu")
    report = initialize(torch.nn.Sequential(layer), "orthogonal", seed=1)
    print(report)
    return weight


def pytorch_wrong() -> None:
    layer = torch.nn.Linear(128, 256)
    initcore_torch.orthogonal_(layer, gain=1.0)  # wrong
    initcore_torch.orthogonal_(layer.weight, seed="0")  # wrong
    initcore_torch.orthogonal(layer.weight).backwards()  # wrong
    initialize(layer.weight, "orthogonal")  # wrong
    initialize(layer, "orthogonal", 1)  # wrong


def in_jax() -> jax.Array:
    init: initcore_jax.Initializer = initcore_jax.orthogonal(scale=2.0)
    return init(jax.random.key(0), (128, 256))


def in_jax_wrong() -> None:
    initcore_jax.orthogonal(column_axis="last")  # wrong
    initcore_jax.orthogonal(gain=2.0)  # wrong
    print(initcore_jax.orthogonal().shape)  # wrong


def in_keras() -> initcore_keras.CoreInitializer:
    initcore_keras.DeltaOrthogonal(seed=0)
    return initcore_keras.Orthogonal(gain=2.0, seed=0)


def in_keras_wrong() -> None:
    initcore_keras.Orthogonal(gain="2")  # wrong
    initcore_keras.Orthogonall()  # wrong
