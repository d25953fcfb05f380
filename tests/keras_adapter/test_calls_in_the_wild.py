"""How projects call keras.initializers: each form does the same with our import.

The forms were read in public code. What is random is compared by mean and spread, the rest bit for
bit.
"""

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import initcore_keras

THEIRS = keras.initializers
SEEDS = iter(range(1000))
N = 60


def numbers(x: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def cloned(i: Any, init: Any) -> Any:
    """As keras-hub copies an initializer for each layer that it goes to."""
    assert isinstance(init, i.Initializer)
    return init.__class__.from_config(init.get_config())


def built(layer: Any, *shape: int) -> Any:
    layer.build((None, *shape))
    return layer.kernel


def loaded(i: Any, init: Any) -> Any:
    """A layer through its configuration, as saved models come back."""
    layer = keras.layers.Dense(N, kernel_initializer=init)
    again = keras.layers.Dense.from_config(layer.get_config())
    assert type(again.kernel_initializer) is type(init)
    return built(again, N)


class Scale(keras.layers.Layer):  # type: ignore[misc]
    """A layer of its own that takes an initializer in any form."""

    def __init__(self, i: Any, initializer: Any) -> None:
        super().__init__()
        self.i, self.initializer = i, i.get(initializer)

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], N), initializer=self.initializer)

    def get_config(self) -> Any:
        return {"initializer": self.i.serialize(self.initializer)}


def of_its_own(i: Any) -> Any:
    """A subclass that changes what its base makes."""

    class Halved(i.VarianceScaling):  # type: ignore[misc, name-defined]
        def __call__(self, shape: Any, dtype: Any = None, **how: Any) -> Any:
            return super().__call__(shape, dtype, **how) / 2

    return Halved(2.0, seed=next(SEEDS))((N, N))


# What was read, the project or the kind of project, and the call.
FORMS: list[tuple[str, Callable[[Any], Any]]] = [
    ("EfficientNet, convolutions", lambda i: i.VarianceScaling(
        scale=2.0, mode="fan_out", distribution="truncated_normal")((3, 3, 10, 20))),
    ("EfficientNet, dense", lambda i: i.VarianceScaling(
        scale=1.0 / 3.0, mode="fan_out", distribution="uniform")((N, N))),
    ("segmentation, depthwise", lambda i: i.VarianceScaling(
        scale=2, mode="fan_out", distribution="untruncated_normal")((3, 3, 40, 1))),
    ("DQN", lambda i: i.VarianceScaling(scale=2)((8, 8, 4, 32))),
    ("TF-Agents", lambda i: i.VarianceScaling(
        scale=2.0, mode="fan_in", distribution="truncated_normal")((N, N))),
    ("diffusion models", lambda i: i.VarianceScaling(
        max(0.0, 1e-10), mode="fan_avg", distribution="uniform")((N, N))),
    ("defaults", lambda i: i.VarianceScaling()((N, N))),
    ("Keras 2's normal", lambda i: i.VarianceScaling(1.0, "fan_in", "normal")((N, N))),
    ("by position", lambda i: i.VarianceScaling(1.0, "fan_avg", "uniform", next(SEEDS))((N, N))),
    ("GAN tutorial", lambda i: i.RandomNormal(mean=0.0, stddev=0.02)((4, 4, 10, 20))),
    ("GAN, StyleGAN", lambda i: i.RandomNormal(0, 1)((N, N))),
    ("GAN, gamma", lambda i: i.RandomNormal(mean=1.0, stddev=0.02)((3000,))),
    ("DDPG, last layer", lambda i: i.RandomUniform(minval=-0.003, maxval=0.003)((N, N))),
    ("ViT, positions", lambda i: i.TruncatedNormal(stddev=0.02)((1, 50, N))),
    ("BERT", lambda i: i.TruncatedNormal(0.0, 0.02)((N, N))),
    ("lower case", lambda i: i.truncated_normal(mean=0.0, stddev=0.5)((N, N))),
    ("lower case, he_normal", lambda i: i.he_normal()((N, N))),
    ("lower case, seed", lambda i: i.glorot_uniform(seed=next(SEEDS))((N, N))),
    ("lower case, constants", lambda i: i.constant(0.1)((3,))),
    ("lower case, zeros", lambda i: i.zeros()(shape=(3, 2))),
    ("PPO", lambda i: i.Orthogonal(np.sqrt(2.0))((N, N))),
    ("PPO, policy", lambda i: i.Orthogonal(gain=0.01)((N, 4))),
    ("recurrent kernels", lambda i: i.orthogonal()((N, 4 * N))),
    ("IRNN", lambda i: i.Identity(gain=0.5)((N, N))),
    ("RetinaNet, prior", lambda i: i.Constant(-np.log((1 - 0.01) / 0.01))((9,))),
    ("RetinaNet, in a layer", lambda i: keras.layers.Dense(
        9, bias_initializer=i.Constant(-4.6)).bias_initializer((9,))),
    ("embeddings from an array", lambda i: keras.layers.Embedding(
        5, 3, embeddings_initializer=i.Constant(np.arange(15.0).reshape(5, 3))
    ).embeddings_initializer((5, 3))),
    ("normalization", lambda i: i.Ones()((N,))),
    ("shape and dtype by name", lambda i: i.GlorotNormal()(shape=(N, N), dtype="float32")),
    ("list for a shape", lambda i: i.GlorotNormal()([N, N])),
    ("half precision", lambda i: i.HeNormal()((N, N), dtype="float16")),
    ("floatx", lambda i: i.LecunNormal()((N, N), keras.config.floatx())),
    ("a Keras dtype", lambda i: i.LecunUniform()((N, N), keras.backend.standardize_dtype(
        "float32"))),
    ("keras-hub, cloned", lambda i: cloned(i, i.TruncatedNormal(stddev=0.02))((N, N))),
    ("cloned by Keras", lambda i: i.HeUniform(seed=None).clone()((N, N))),
    ("copied deeply", lambda i: copy.deepcopy(i.HeUniform())((N, N))),
    ("pickled", lambda i: pickle.loads(pickle.dumps(i.HeUniform()))((N, N))),
    ("named", lambda i: i.get("he_normal")((N, N))),
    ("named as its class", lambda i: i.get("GlorotUniform")((N, N))),
    ("named, zeros", lambda i: i.get("zeros")((N, N))),
    ("named in Keras 1", lambda i: i.get("OrthogonalInitializer")((N, N))),
    ("configured", lambda i: i.get(
        {"class_name": "RandomNormal", "config": {"stddev": 0.02, "mean": 0.0}})((N, N))),
    ("deserialized", lambda i: i.deserialize(
        {"class_name": "VarianceScaling", "config": {"scale": 2.0}})((N, N))),
    ("serialized", lambda i: i.deserialize(i.serialize(i.HeNormal()))((N, N))),
    ("a class", lambda i: i.get(i.RandomUniform)((N, N))),
    ("a function", lambda i: i.get(lambda shape, dtype=None: keras.ops.ones(shape))((2, 3))),
    ("a layer of its own, name", lambda i: built(Scale(i, "he_uniform"), N)),
    ("a layer of its own, object", lambda i: built(Scale(i, i.RandomNormal(stddev=0.5)), N)),
    ("a layer of its own, configuration", lambda i: built(
        Scale(i, Scale(i, i.HeNormal()).get_config()["initializer"]), N)),
    ("a subclass", of_its_own),
    ("Dense", lambda i: built(keras.layers.Dense(N, kernel_initializer=i.HeNormal()), N)),
    ("Conv2D", lambda i: built(keras.layers.Conv2D(
        20, 3, kernel_initializer=i.HeNormal()), 8, 8, 10)),
    ("EinsumDense", lambda i: built(keras.layers.EinsumDense(
        "abc,cde->abde", (None, 4, 15), kernel_initializer=i.GlorotUniform()), 7, N)),
    ("saved with a layer", lambda i: loaded(i, i.VarianceScaling(2.0, "fan_out"))),
    ("kept by its attributes", lambda i: i.RandomNormal(
        **{k: v for k, v in vars(i.RandomNormal(stddev=0.5)).items() if k in ("mean", "stddev")}
    )((N, N))),
]  # fmt: skip


@pytest.mark.parametrize("call", [c for _, c in FORMS], ids=[name for name, _ in FORMS])
def test_a_call_does_what_it_does_with_keras_import(call: Callable[[Any], Any]) -> None:
    keras.utils.set_random_seed(3)
    first, ours = call(THEIRS), call(initcore_keras)
    keras.utils.set_random_seed(4)
    theirs, again, mine = (numbers(w) for w in (first, call(THEIRS), ours))
    assert tuple(ours.shape) == tuple(first.shape)
    dtypes = [keras.backend.standardize_dtype(w.dtype) for w in (first, ours)]
    # On NumPy a float64 gain makes Keras's weights float64 whatever dtype is asked for.
    assert dtypes[1] in (dtypes[0], keras.config.floatx())
    if np.array_equal(theirs, again):  # nothing random
        assert np.array_equal(mine, theirs)
        return
    x, y = (w.astype(np.float64).reshape(-1) for w in (theirs, mine))
    # 6 standard errors of the differences, of means and of root mean squares.
    assert abs(x.mean() - y.mean()) < 6 * x.std() * math.sqrt(2 / x.size)
    kurtosis = float((x**4).mean() / (x**2).mean() ** 2)
    ratio = float((y**2).mean() / (x**2).mean()) ** 0.5
    assert abs(math.log(ratio)) < 6 * math.sqrt(max(kurtosis - 1, 0.1) / 2 / x.size)
