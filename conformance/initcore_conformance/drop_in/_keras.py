"""`keras.initializers`: classes of configured objects, saved with the layers that hold them."""

import copy
import inspect
import pickle
from typing import Any, ClassVar

import keras
import numpy as np
from hypothesis import strategies as st

from ._framework import Calls, Facet, Framework, Trial, need, signature

__all__ = ["Keras"]

SEEDS: Calls = ({}, {"seed": 3})
AXES: Calls = ({}, {"seed": 3}, {"seed": 4, "input_axes": [0], "output_axes": [1]})


def _made(fill: Any, trial: Trial) -> Any:
    first, rest = trial.given()
    return fill(*first, **rest)


def _call(fill: Any, trial: Trial) -> Any:
    return _made(fill, trial)(trial.shape, trial.dtype)


def _numbers(w: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.ops.cast(w, "float32"))


def _kind(w: Any) -> Any:
    return tuple(w.shape), keras.backend.standardize_dtype(w.dtype)


def _drawn(trial: Trial) -> bool:
    return "seed" in inspect.signature(trial.theirs).parameters


def _config(init: Any, trial: Trial) -> Any:
    """What its configuration has of Keras's."""
    config = init.get_config()
    return {k: config.get(k) for k in _made(trial.theirs, trial).get_config()}


def a_class_with_a_name(fill: Any, trial: Trial) -> Any:
    """It is a documented class of initializers."""
    need(isinstance(fill, type), "it is no class")
    need(bool(fill.__doc__), "it has no docstring")
    return issubclass(fill, keras.initializers.Initializer)


def related_as_in_keras(fill: Any, trial: Trial) -> Any:
    """It is a subclass of what it is one of in Keras, by the same names."""
    bases = [n for n, c in vars(keras.initializers).items()
             if isinstance(c, type) and issubclass(trial.theirs, c)]  # fmt: skip
    where = keras.initializers if fill is trial.theirs else trial.namespace
    return [n for n in bases if issubclass(fill, getattr(where, n, keras.initializers.Initializer))]


def found_by_its_names(fill: Any, trial: Trial) -> Any:
    """`get` finds it by the names that Keras has for it."""
    where = keras.initializers if fill is trial.theirs else trial.namespace
    found = []
    for name in (trial.name, keras.src.utils.naming.to_snake_case(trial.name)):
        need(type(where.get(name)) is fill, f"get({name!r}) is another class")
        found.append(name)
    return found


def made_by_shape_and_dtype(fill: Any, trial: Trial) -> Any:
    """The tensor has the shape and the dtype; what is not random has these values."""
    w = _call(fill, trial)
    shown = (
        None if _drawn(trial) else np.array2string(_numbers(w) + 0, threshold=50).replace("\n", "")
    )
    return _kind(w), type(w).__name__, shown


def of_the_default_dtype(fill: Any, trial: Trial) -> Any:
    """Without a dtype it is `keras.config.floatx()`."""
    return _kind(_made(fill, trial)(trial.shape)), _kind(
        _made(fill, trial)(list(trial.shape), None)
    )


def with_attributes(fill: Any, trial: Trial) -> Any:
    """Every public attribute of Keras's is there with its value."""
    mine, other = _made(fill, trial), _made(trial.theirs, trial)
    names = [n for n in vars(other) if n[0] != "_" and (n != "seed" or n in trial.arguments)]
    return {n: getattr(mine, n) for n in names}


def configured(fill: Any, trial: Trial) -> Any:
    """Its configuration has what Keras's has, and makes it again."""
    init = _made(fill, trial)
    config = init.get_config()
    again = fill.from_config(config)
    need(type(again) is fill, "from_config makes another class")
    need(again.get_config() == config, "from_config gives another configuration")
    return _config(init, trial)


def serialized(fill: Any, trial: Trial) -> Any:
    """Keras saves it and loads it, alone and with a layer."""
    init = _made(fill, trial)
    again = keras.initializers.deserialize(keras.initializers.serialize(init))
    need(type(again) is fill, "it is loaded as another class")
    layer = keras.layers.Dense(2, kernel_initializer=init)
    loaded = keras.layers.deserialize(keras.layers.serialize(layer))
    need(type(loaded.kernel_initializer) is fill, "it is loaded with a layer as another class")
    return _config(again, trial)


def taken_as_it_is(fill: Any, trial: Trial) -> Any:
    """`keras.initializers.get` takes an object and the class."""
    init = _made(fill, trial)
    need(keras.initializers.get(init) is init, "get gives another object")
    if not trial.arguments:
        need(type(keras.initializers.get(fill)) is fill, "get makes another class")
    return _config(init.clone(), trial)


def of_a_seed(fill: Any, trial: Trial) -> Any:
    """An integer seed gives the same values at each call, and another seed others."""
    need("seed" in trial.arguments, "there is no seed")
    init, other = _made(fill, trial), dict(trial.arguments, seed=trial.arguments["seed"] + 1)
    a, b, c = (_numbers(i(trial.shape, trial.dtype)) for i in (init, init, fill(**other)))
    need(bool((a == b).all()), "the same seed gives other values")
    return a.size < 16 or bool((a != c).any())


def kept_in_copies(fill: Any, trial: Trial) -> Any:
    """It can be copied, copied deeply and pickled."""
    init = _made(fill, trial)
    found = [copy.copy(init), copy.deepcopy(init), pickle.loads(pickle.dumps(init))]
    return [(type(i) is fill, _config(i, trial)) for i in found]


def in_a_stateless_scope(fill: Any, trial: Trial) -> Any:
    """It is called where Keras has no state."""
    with keras.StatelessScope():
        return _kind(_call(fill, trial))


def in_a_layer(fill: Any, trial: Trial) -> Any:
    """A layer builds its weight with it."""
    layer = keras.layers.Dense(trial.shape[-1], kernel_initializer=_made(fill, trial),
                               dtype=trial.dtype)  # fmt: skip
    layer.build((None, trial.shape[0]))
    return _kind(layer.kernel), type(layer.get_config()["kernel_initializer"]).__name__


class Keras(Framework):
    """Keras's initializers, on the backend that runs."""

    module = "keras.initializers"
    calls: ClassVar[Any] = {
        "zeros": {"Zeros": ({},)},
        "ones": {"Ones": ({},)},
        "constant": {"Constant": ({}, {"value": 0.5}, {"value": 3}, {"value": True})},
        "uniform": {"RandomUniform": ({}, {"minval": -1.0, "maxval": 2.0, "seed": 3})},
        "normal": {"RandomNormal": ({}, {"mean": 1.0, "stddev": 2.0, "seed": 3})},
        "truncated_normal": {"TruncatedNormal": ({}, {"mean": 1.0, "stddev": 2.0, "seed": 3})},
        "variance_scaling": {
            "VarianceScaling": tuple(
                {"scale": 2.0, "mode": mode, "distribution": law, "seed": 3, **more}
                for mode, law, more in (
                    ("fan_in", "normal", {}), ("fan_out", "uniform", {}),
                    ("fan_avg", "untruncated_normal", {}), ("FAN_IN", "Truncated_Normal", {}),
                    ("fan_in", "uniform", {"input_axes": [0], "output_axes": [1]}),
                )
            ),
        },
        "lecun_normal": {"LecunNormal": AXES},
        "lecun_uniform": {"LecunUniform": AXES},
        "glorot_normal": {"GlorotNormal": AXES},
        "glorot_uniform": {"GlorotUniform": AXES},
        "he_normal": {"HeNormal": AXES},
        "he_uniform": {"HeUniform": AXES},
        "orthogonal": {"Orthogonal": (*SEEDS, {"gain": 2.0, "seed": 3})},
        "identity": {"Identity": ({},), "IdentityInitializer": ({},)},
    }  # fmt: skip
    dtypes = ("float32", "float16", "bfloat16", "int32", "bool")
    small = st.sampled_from(((4, 3), (3,), (), (3, 3, 2, 4), (2, 4, 3), (0, 3)))
    sampled = ("float32",)
    large = ((6000,), (60, 100), (150, 40), (10, 30, 20), (5, 5, 10, 25))
    interface = (signature, a_class_with_a_name, related_as_in_keras, found_by_its_names)
    facets: ClassVar[tuple[Facet, ...]] = (
        made_by_shape_and_dtype, of_the_default_dtype, with_attributes, configured, serialized,
        taken_as_it_is, of_a_seed, kept_in_copies, in_a_stateless_scope, in_a_layer,
    )  # fmt: skip

    def takes(self, trial: Trial) -> None:
        """Make a tensor of the dtype, which some ignore, and one that has elements."""
        need(_kind(_call(trial.theirs, trial))[1] == trial.dtype, "it ignores the dtype")
        _made(trial.theirs, trial)(tuple(max(n, 1) for n in trial.shape), trial.dtype)

    def numbers(self, fill: Any, trial: Trial, seed: int) -> Any:
        """The tensor of an object of this seed, where it takes one."""
        how = {"seed": seed} if _drawn(trial) else {}
        return _numbers(fill(**{**trial.arguments, **how})(trial.shape, trial.dtype))

    def call(self, where: str, trial: Trial) -> str:
        """A call of an object."""
        return f"{where}.{trial.name}({trial.source()})({trial.shape}, {trial.dtype!r})"
