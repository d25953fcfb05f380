"""`batch=`: leading axes that count kernels, in every class that takes `groups`."""

import inspect
from typing import Any

import keras
import numpy as np
import pytest

import initcore_keras as init

SHAPES = {"DeltaOrthogonal": (3, 4, 6), "ConvOrthogonal": (3, 4, 6)}
MORE = {"SparseOrthogonal": {"density": 0.5}, "Identity": {}, "IDInit": {}}
TAKES = sorted(
    name
    for name, cls in vars(init).items()
    if inspect.isclass(cls) and "groups" in inspect.signature(cls).parameters
)


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def made(name: str, **how: Any) -> Any:
    cls = getattr(init, name)
    seed = {"seed": 5} if "seed" in inspect.signature(cls).parameters else {}
    return cls(**MORE.get(name, {}), **seed, **how)


def test_every_kernel_class_takes_it() -> None:
    assert len(TAKES) > 12
    for name in TAKES:
        assert "batch" in inspect.signature(getattr(init, name)).parameters, name


@pytest.mark.parametrize("name", sorted({*TAKES} - {"ApproximateIsometry"}))
def test_kernels_of_a_stack_are_those_of_as_many_groups(name: str) -> None:
    *spatial, inputs, outputs = SHAPES.get(name, (4, 6))
    stacked = numpy(made(name, batch=2)((2, 3, *spatial, inputs, outputs)))
    grouped = numpy(made(name, groups=6)((*spatial, inputs, 6 * outputs)))
    apart = np.moveaxis(grouped.reshape(*spatial, inputs, 6, outputs), -2, 0)
    np.testing.assert_array_equal(stacked.reshape(apart.shape), apart)


def test_each_expert_is_orthogonal_and_fans_are_those_of_one() -> None:
    experts = numpy(init.Orthogonal(2.0, seed=1, batch=1)((5, 8, 8)))
    for w in experts:
        np.testing.assert_allclose(w @ w.T, 4 * np.eye(8), atol=1e-5)
    assert not np.allclose(experts[0], experts[1])
    wide = numpy(init.LecunNormal(seed=1, batch=1)((100, 8, 50)))
    assert wide.var() == pytest.approx(1 / 8, rel=0.05)
    depthwise = numpy(init.Orthogonal(seed=1, kind="depthwise", batch=1)((2, 3, 3, 4, 1)))
    np.testing.assert_allclose((depthwise**2).sum((1, 2)), 1, atol=1e-5)


def test_it_is_saved_only_where_it_is_given() -> None:
    assert "batch" not in init.Orthogonal(seed=1).get_config()
    saved = keras.saving.serialize_keras_object(init.Orthogonal(seed=1, batch=1))
    again = keras.saving.deserialize_keras_object(saved)
    assert again.batch == 1
    np.testing.assert_array_equal(
        numpy(again((2, 4, 4))), numpy(init.Orthogonal(seed=1, batch=1)((2, 4, 4)))
    )


def test_a_batch_that_is_none_is_refused() -> None:
    for batch in (-1, True, 1.0, "1"):
        with pytest.raises(ValueError, match="needs batch to be an integer >= 0, got"):
            init.Orthogonal(batch=batch)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs batch or input_axes and output_axes, got both"):
        init.Orthogonal(batch=1, input_axes=(1,), output_axes=(2,))
    for cls in (init.Orthogonal, init.GlorotUniform):
        for shape in ((8,), (4, 6)):
            with pytest.raises(ValueError, match=rf"ahead of a kernel's two, got 1 for a shape of "
                               rf"{len(shape)} axes"):  # fmt: skip
                cls(seed=1, batch=1)(shape)
