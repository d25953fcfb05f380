"""Configurations and saved files: Keras's keys, our classes, and modules that were public once."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import initializers as theirs

import initcore_keras as ours
from initcore import specs
from initcore_keras._initializer import spell

NAMES = [n for n in dir(theirs) if isinstance(getattr(theirs, n), type) and n != "Initializer"]
CLASSES = sorted((getattr(ours, spell(n)) for n in specs), key=lambda c: c.__name__)
NEEDED: dict[str, dict[str, Any]] = {
    "Sparse": {"sparsity": 0.3},
    "SparseOrthogonal": {"density": 0.4},
    "ApproximateIsometry": {"mask": np.ones((4, 6), bool)},
}
PUBLIC = [*CLASSES, ours.ApproximateIsometry]


def numpy(x: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def make(cls: Any, **how: Any) -> Any:
    return cls(**{**NEEDED.get(cls.__name__, {}), **how})


# Keras's Identity forgets its gain; ours keeps it.
CAPITALS = [n for n in NAMES if n[0].isupper() and not n.startswith(("STFT", "Identity"))]


@pytest.mark.parametrize("name", CAPITALS)
def test_configs_are_keras_own_where_nothing_is_ours(name: str) -> None:
    mine, other = getattr(ours, name)(), getattr(theirs, name)()
    assert mine.get_config() == other.get_config()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_serialization_round_trips(cls: Any) -> None:
    how = {"seed": 5} if specs_of(cls).random else {}
    init = make(cls, **how)
    again = cls.from_config(init.get_config())
    assert again.get_config() == init.get_config()
    shape = (3, 3, 4, 6) if specs_of(cls).shape.high != 2 else (4, 6)
    assert (numpy(again(shape)) == numpy(init(shape))).all()
    assert (numpy(init.clone()(shape)) == numpy(init(shape))).all()
    saved = keras.saving.serialize_keras_object(init)
    loaded = keras.saving.deserialize_keras_object(saved)
    assert type(loaded) is cls
    assert (numpy(loaded(shape)) == numpy(init(shape))).all()
    if cls.__name__ not in NEEDED:
        assert type(keras.initializers.get(f"initcore>{cls.__name__}")) is cls
        assert type(keras.initializers.get(cls)) is cls
    assert keras.initializers.get(init) is init


# As initcore 0.1 saved them while each class was saved under the private module of its code.
PRIVATE = [
    ("_basic", "Zeros", {}),
    ("_basic", "Ones", {}),
    ("_basic", "Constant", {"value": 2.5}),
    ("_basic", "RandomNormal", {"seed": 1, "mean": 1.0, "stddev": 0.5}),
    ("_basic", "RandomUniform", {"seed": 2, "minval": -2.0, "maxval": 3.0, "kind": "transposed"}),
    ("_basic", "TruncatedNormal", {"seed": 3, "mean": 0.5, "stddev": 2.0, "high": 1.5}),
    ("_basic", "Sparse", {"seed": 4, "sparsity": 0.3, "stddev": 0.01}),
    ("_structured", "Orthogonal", {"seed": 5, "gain": 1.5, "groups": 2}),
    ("_structured", "ScaledOrthogonal", {"seed": 6, "gain": 1.0, "narrowing": "spectral"}),
    ("_structured", "DeltaOrthogonal", {"seed": 7, "gain": 1.0, "kind": "depthwise"}),
    ("_structured", "Identity", {"gain": 2.0, "groups": 2}),
    ("_papers", "ConvOrthogonal", {"seed": 8, "gain": 1.0}),
    ("_papers", "Hadamard", {"seed": None, "gain": 0.5}),
    ("_papers", "SparseOrthogonal",
     {"seed": 9, "density": 0.4, "gain": 1.0, "sampling": "matching", "tap_density": "more"}),
    ("_papers", "Mirrored",
     {"seed": 10, "gain": 1.0, "part": "last", "base": "orthogonal", "activation": "gelu",
      "negative_slope": 0.01}),
    ("_papers", "Idinit", {"seed": 11, "tau": 1.0, "noise": 1e-06, "taps": "corner"}),
    ("_papers", "IdinitZero", {"seed": None, "eps": 0.001, "taps": "patch"}),
    ("_variance", "VarianceScaling",
     {"input_axes": [0], "output_axes": [1, 2], "seed": 12, "scale": 2.0, "mode": "fan_out",
      "distribution": "truncated_normal"}),
    ("_variance", "HeNormal",
     {"input_axes": None, "output_axes": None,
      "seed": {"module": "keras.random", "class_name": "SeedGenerator",
               "config": {"seed": 3, "name": "seed_generator"}, "registered_name": None},
      "kind": "transposed"}),
    ("_variance", "HeUniform", {"input_axes": None, "output_axes": None, "seed": 13}),
    ("_variance", "GlorotNormal", {"input_axes": None, "output_axes": None, "seed": 14}),
    ("_variance", "GlorotUniform", {"input_axes": None, "output_axes": None, "seed": 15}),
    ("_variance", "LecunNormal", {"input_axes": None, "output_axes": None, "seed": 16}),
    ("_variance", "LecunUniform", {"input_axes": None, "output_axes": None, "seed": 17}),
    ("_masks", "ApproximateIsometry",
     {"seed": 18, "gain": 2.0, "mask": {"shape": [2, 3], "places": "iA=="}, "steps": 50}),
    ("_masks", "SparseMask", {"mask": {"shape": [2, 3], "places": "iA=="}}),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name", "config"), PRIVATE, ids=lambda x: str(x)[:20])
def test_files_saved_under_private_modules_load_and_are_saved_under_the_public_one(
    module: str, name: str, config: dict[str, Any]
) -> None:
    saved = {"class_name": name, "config": config, "registered_name": f"initcore>{name}"}
    loaded = keras.saving.deserialize_keras_object({"module": f"initcore_keras.{module}", **saved})
    assert type(loaded) is getattr(ours, name)
    again = keras.saving.serialize_keras_object(loaded)
    assert again == {"module": "initcore_keras", **saved}


def test_every_class_is_among_the_files_saved_under_private_modules() -> None:
    assert {name for _, name, _ in PRIVATE} == {c.__name__ for c in (*PUBLIC, ours.SparseMask)}


def specs_of(cls: Any) -> Any:
    return specs[cls.core]
