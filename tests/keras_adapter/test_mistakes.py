"""Mistakes of new users of Keras: each message says what to do."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import initcore_keras as ik

MISTAKES = {
    "ik.get('Orthogonl')": "did you mean orthogonal or conv_orthogonal or delta_orthogonal?",
    "ik.get('kaiming_normal')": "did you mean he_normal?",
    "ik.get('xavier')": "did you mean glorot_normal or glorot_uniform?",
    "ik.Orthogonal('relu')": "the gain of an activation is initcore.gain('relu').",
    "ik.Orthogonal(std=0.1)": "no argument 'std'; the size is set by gain, a singular value.",
    "ik.RandomNormal(gain=2.0)": "set by stddev, the standard deviation of an entry.",
    "ik.Orthogonal(seed='7')": "got '7'; 7 without the quotation marks is one.",
    "ik.Orthogonal((8, 4))": "it is made first and called then: Orthogonal()(shape).",
    "ik.Orthogonal()(layer)": "pass the shape of its kernel: layer.kernel.shape.",
    "ik.Orthogonal()(layer.kernel)": "pass its .shape.",
    "ik.Orthogonal()((None, 4))": "None is no size: give the size itself.",
    "ik.DeltaOrthogonal()((8, 4))": "for a dense layer use Orthogonal.",
    "dense(4, bias_initializer=ik.Orthogonal()).build((None, 8))": "a bias starts at 0, use Zeros.",
    "ik.initialize('orthogonal', model)": "the model comes first, and the scheme second.",
    "ik.initialize(layer.kernel, 'orthogonal')": "such as orthogonal, with or without _.",
    "ik.initialize(model, ik.Orthogonal())": 'gives it to all kernels: "orthogonal".',
    "ik.initialize(model, 'orthogonal', gain=2.0)": 'scheme=("orthogonal", {"gain": ...}).',
    "ik.initialize(unbuilt, 'orthogonal')": "once, or pass sample_input.",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_what_to_do(mistake: str) -> None:
    dense = keras.layers.Dense
    layer = dense(4)
    layer.build((None, 8))
    model = keras.Sequential([keras.Input((8,)), dense(8, activation="tanh"), dense(2)])
    before = [np.array(w) for w in (*layer.get_weights(), *model.get_weights())]
    names = {"ik": ik, "dense": dense, "layer": layer, "model": model,
             "unbuilt": keras.Sequential([dense(2)])}  # fmt: skip
    with pytest.raises((TypeError, ValueError)) as caught:
        eval(mistake, names)
    assert str(caught.value).endswith(MISTAKES[mistake])
    after = (*layer.get_weights(), *model.get_weights())
    assert all(map(np.array_equal, before, after))


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="once is enough: on JAX")
def test_a_backend_that_is_set_after_keras_was_imported_is_warned_of() -> None:
    """In a process of its own."""
    code = (f"import os, sys; sys.path[:0] = {sys.path!r}; import keras; "
            "os.environ['KERAS_BACKEND'] = 'other'; import initcore_keras")  # fmt: skip
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "set it before the first `import keras`" in run.stderr
