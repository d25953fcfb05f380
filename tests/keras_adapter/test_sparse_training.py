"""Masks hold through fit() on the running backend, and are saved with their layers."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import initcore
import initcore_keras as init
from initcore import Rng

FITS = keras.backend.backend() != "numpy"  # which has layers, but no training


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return (x[:256] / 16).astype("float32"), y[:256]


def layers(constrained: bool = True) -> tuple[list[Any], list[Any]]:
    """A convolution and a dense layer with their masks."""
    made, masks = [], []
    for cls, shape, how in (
        (keras.layers.Conv2D, (3, 3, 1, 8), {"kernel_size": 3, "strides": 2}),
        (keras.layers.Dense, (72, 10), {}),
    ):
        initializer = init.SparseOrthogonal(0.4, seed=1, tap_density="more")
        mask = init.sparse_orthogonal_mask(initializer, shape)
        made.append(
            cls(
                shape[-1],
                kernel_initializer=initializer,
                kernel_constraint=init.SparseMask(mask) if constrained else None,
                **how,
            )
        )
        masks.append(mask)
    return made, masks


def model_of(made: list[Any]) -> Any:
    conv, dense = made
    return keras.Sequential(
        [keras.Input((64,)), keras.layers.Reshape((8, 8, 1)), conv, keras.layers.Activation("tanh"),
         keras.layers.Flatten(), dense]
    )  # fmt: skip


@pytest.mark.skipif(not FITS, reason="Keras's NumPy backend cannot fit")
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.01),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    ],
)
@pytest.mark.parametrize("constrained", [True, False])
def test_fit_keeps_the_pattern_of_the_kernel(optimizer: Any, constrained: bool) -> None:
    keras.utils.set_random_seed(0)
    made, masks = layers(constrained)
    model = model_of(made)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=optimizer(), loss=loss)
    history = model.fit(*digits(), epochs=8, batch_size=64, verbose=0).history["loss"]
    assert history[-1] < 0.8 * history[0]
    for layer, mask in zip(made, masks, strict=True):
        w = numpy(layer.kernel)
        assert w.shape == mask.shape
        assert w[mask].all()
        assert (not w[~mask].any()) == constrained  # without it, they come back


def test_the_constraint_makes_zeros_exact_in_every_dtype() -> None:
    mask = np.array([[True, False], [False, True]])
    constraint = init.SparseMask(mask)
    for dtype in ("float32", "bfloat16", "float16"):
        w = constraint(keras.ops.cast(keras.ops.array([[1.0, 2.0], [-3.0, 4.0]]), dtype))
        assert keras.backend.standardize_dtype(w.dtype) == dtype
        assert numpy(keras.ops.cast(w, "float32")).tolist() == [[1, 0], [0, 4]]
    infinite = constraint(keras.ops.array([[1.0, np.inf], [np.nan, 4.0]]))
    assert numpy(infinite).tolist() == [[1, 0], [0, 4]]
    variable = keras.Variable(np.ones((2, 2), "float32"))
    variable.constraint = constraint
    variable.assign(variable.constraint(variable))
    assert numpy(variable).tolist() == [[1, 0], [0, 1]]


def test_layers_are_saved_with_their_masks(tmp_path: Path) -> None:
    made, masks = layers()
    model = model_of(made)
    model.save(tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras")
    for layer, mask in zip([loaded.layers[1], loaded.layers[4]], masks, strict=True):
        assert (layer.kernel_constraint.mask == mask).all()
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        assert (numpy(ours) == numpy(theirs)).all()
    again = keras.constraints.deserialize(keras.constraints.serialize(made[0].kernel_constraint))
    assert (again.mask == masks[0]).all()


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ((30, 20), {}),
        ((3, 3, 6, 8), {"tap_density": "more"}),
        ((3, 6, 8), {"groups": 2, "sampling": "matching"}),
        ((3, 8, 6), {"kind": "transposed"}),
    ],
)
def test_the_mask_is_of_the_kernel_of_the_initializer(shape: Any, given: dict[str, Any]) -> None:
    initializer = init.SparseOrthogonal(0.4, seed=3, **given)
    mask = init.sparse_orthogonal_mask(initializer, shape)
    w = numpy(initializer(shape))
    assert mask.shape == shape
    assert not w[~mask].any()
    assert mask.sum() >= round(0.4 * w.size)
    other = init.sparse_orthogonal_mask(init.SparseOrthogonal(0.4, seed=4, **given), shape)
    assert w[~other].any()


def test_an_approximate_isometry_is_the_core_s_and_is_saved() -> None:
    mask = np.random.default_rng(0).random((3, 4, 6)) < 0.6
    initializer = init.ApproximateIsometry(mask, gain=2.0, seed=5, groups=2)
    w = numpy(initializer(mask.shape))
    assert not w[~mask].any()
    expected = initcore.approximate_isometry(Rng(5), mask.transpose(2, 1, 0), gain=2.0, groups=2)
    assert (w == expected.transpose(2, 1, 0)).all()
    half = numpy(keras.ops.cast(initializer(mask.shape, "bfloat16"), "float32"))
    assert abs(half - w).max() <= 2.0**-8 * abs(w).max()
    config = keras.initializers.serialize(initializer)
    again = keras.initializers.deserialize(config)
    assert (numpy(again(mask.shape)) == w).all()
    layer = keras.layers.Conv1D(6, 3, groups=2, kernel_initializer=initializer)
    layer.build((None, 9, 8))
    assert (numpy(layer.kernel) == w).all()


def test_crelu_nets_are_linear_through_real_layers(tmp_path: Path) -> None:
    # 30 layers round sums of 2 * 8 products in float32, of signals that keep their size.
    rounding = 2.0**-24 * 30 * 16
    x = Rng(0).normal((5, 8))
    net, linear = keras.ops.convert_to_tensor(x), x
    dense = []
    for i in range(30):
        part = init.Mirrored(part="last", seed=i) if i else init.Orthogonal(seed=0)
        dense.append(keras.layers.Dense(8, use_bias=False, kernel_initializer=part))
        net = dense[-1](init.crelu(net) if i else net)
        linear = linear @ numpy(dense[-1].kernel)[:8]
    assert abs(numpy(net) - linear).max() < rounding
    image = keras.ops.convert_to_tensor(Rng(1).normal((2, 5, 5, 4)))
    net = linear = image
    for i in range(10):
        part = init.Mirrored(part="last", base="delta_orthogonal", seed=i)
        conv = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_initializer=part)
        net = conv(init.crelu(net))
        half = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)
        half.build((None, 5, 5, 4))
        half.set_weights([numpy(conv.kernel)[:, :, :4]])
        linear = half(linear)
    assert abs(numpy(net) - numpy(linear)).max() < rounding
    lengths = (numpy(net) ** 2).sum(-1)
    assert lengths == pytest.approx((numpy(image) ** 2).sum(-1), rel=1e-5)
    # The twin with ReLUs alone, and the twin with halves of their own, are not.
    assert abs(numpy(keras.ops.relu(net)) - numpy(linear)).max() > 0.1
    model = keras.Sequential([keras.Input((8,)), keras.layers.Activation(init.crelu)])
    model.save(tmp_path / "crelu.keras")
    loaded = keras.models.load_model(tmp_path / "crelu.keras")
    assert (numpy(loaded(x)) == numpy(model(x))).all()
    # As initcore 0.1 saves it.
    saved = {"module": "builtins", "class_name": "function", "config": "initcore>crelu",
             "registered_name": "function"}  # fmt: skip
    assert keras.activations.deserialize(saved) is init.crelu
    assert keras.saving.serialize_keras_object(init.crelu) == saved


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: init.SparseMask(1.0 * m), TypeError, "SparseMask needs an array of booleans"),
        (lambda m: init.SparseMask(m)(keras.ops.ones((3, 2))), ValueError,
         r"SparseMask needs a kernel of its mask's shape \(2, 3\), got one of shape \(3, 2\)"),
        (lambda m: init.ApproximateIsometry(m)((3, 2)), ValueError, r"shape \(2, 3\) of its mask"),
        (lambda m: init.ApproximateIsometry(m, gain=0), ValueError, "gain"),
        (lambda m: init.sparse_orthogonal_mask(init.Orthogonal(seed=0), (2, 3)), TypeError,
         "needs a SparseOrthogonal, got Orthogonal"),
        (lambda m: init.sparse_orthogonal_mask(init.SparseOrthogonal(0.5), (2, 3)), ValueError,
         "an integer seed, .* got seed=None"),
        (lambda m: init.sparse_orthogonal_mask(init.SparseOrthogonal(0.5, seed=0), (3,)),
         ValueError, "2 to 5 axes"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call(np.ones((2, 3), bool))
    assert "\n" not in str(caught.value)
