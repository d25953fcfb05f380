"""The activation of CReLU networks."""

from typing import Any

import keras

__all__ = ["crelu"]


@keras.saving.register_keras_serializable(package="initcore")  # type: ignore[untyped-decorator]
def crelu(x: Any, axis: int = -1) -> Any:
    """`concat(relu(x), relu(-x))` along `axis`: twice as many channels.

    A kernel of `Mirrored(part="last")` after it acts on `x` as its half block would, so a network
    of such layers is linear at initialization. In a model, use `keras.layers.Activation(crelu)`.

    Args:
        x: Tensor of pre-activations.
        axis: Axis of the channels.

    >>> keras.ops.convert_to_numpy(crelu(keras.ops.array([2.0, -3.0]))).tolist()
    [2.0, 0.0, 0.0, 3.0]
    """
    return keras.ops.concatenate([keras.ops.relu(x), keras.ops.relu(-x)], axis=axis)
