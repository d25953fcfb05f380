"""Constants of every dtype and value that Keras takes on the running backend."""

import copy
import pickle
from typing import Any

import keras
import numpy as np
import pytest
from keras import initializers as theirs

import initcore_keras as ours

DTYPES = ["bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "float8_e4m3fn",
          "float8_e5m2", "float16", "bfloat16", "float32", "float64", "complex64"]  # fmt: skip
VALUES = [True, 0, 3, -1, 2.5, np.float64(0.1), np.arange(3), [1, 2, 3], float("nan"), float("inf"),
          300, np.bool_(True), [[1], [2]]]  # fmt: skip


def filled(init: Any, dtype: str) -> Any:
    """What the initializer gives, or None if it refuses."""
    try:
        with np.errstate(all="ignore"):
            w = init((2, 3), dtype)
    except Exception as error:
        return type(error), str(error)
    kind = keras.backend.standardize_dtype(w.dtype)
    w = keras.ops.cast(w, "float32") if "bfloat16" in kind or "float8" in kind else w
    return kind, keras.ops.convert_to_numpy(w).tobytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", DTYPES)
def test_constants_are_those_of_keras_in_every_dtype(dtype: str) -> None:
    pairs = [(ours.Zeros(), theirs.Zeros()), (ours.Ones(), theirs.Ones())]
    for mine, other in [*pairs, *((ours.Constant(v), theirs.Constant(v)) for v in VALUES)]:
        expected, found = filled(other, dtype), filled(mine, dtype)
        if isinstance(expected[0], type):  # Keras cannot; we say so in one sentence
            assert found[0] in (TypeError, ValueError)
            assert "\n" not in found[1]
            assert type(mine).__name__ in found[1]
        else:
            assert found == expected, mine.get_config()


def test_complex_numbers_fill_complex_tensors_alone() -> None:
    w = ours.Constant(1 - 2j)((2,), "complex64")
    assert (keras.ops.convert_to_numpy(w) == 1 - 2j).all()
    with pytest.raises(TypeError, match=r"^Constant needs a dtype .* got float32"):
        ours.Constant(1j)((2,))
    again = ours.deserialize(ours.serialize(ours.Constant(1 - 2j)))  # Keras's own cannot be saved
    assert again.value == 1 - 2j


def test_constants_can_be_saved_copied_and_pickled() -> None:
    for value in (True, 3, 2.5, [1, 2]):
        init = ours.Constant(value)
        assert init.get_config() == theirs.Constant(value).get_config()
        for again in (ours.deserialize(ours.serialize(init)), init.clone(), copy.deepcopy(init),
                      pickle.loads(pickle.dumps(init))):  # fmt: skip
            assert again.value == value
            assert type(again.value) is type(value)


@pytest.mark.parametrize("value", ["1", None, ["a"], {}, np.array(["a"]), object(), [[1], [1, 2]]])
def test_what_is_no_number_is_refused_when_the_initializer_is_made(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^Constant needs value .* a number or an array of number"):
        ours.Constant(value)


def test_an_array_that_does_not_broadcast_is_refused() -> None:
    for value, shape in ((np.ones(3), (1,)), ([1, 2], (2, 3)), (np.ones(3), ())):
        with pytest.raises(ValueError, match=r"^Constant needs a value that broadcasts to"):
            ours.Constant(value)(shape)
