"""Parts of kernels have the values of the whole on every backend."""

import pytest
from keras import ops

import initcore_keras as ours
from initcore_keras import Part


@pytest.mark.parametrize(
    "make", [ours.Orthogonal, ours.HeNormal, ours.Identity, ours.RandomUniform]
)
def test_a_part_is_that_of_the_whole(make: type) -> None:
    init = make(seed=1) if make is not ours.Identity else make()
    whole = ops.convert_to_numpy(init((8, 6)))
    part = ops.convert_to_numpy(init((4, 3), part=Part((8, 6), (4, 2))))
    assert (part == whole[4:, 2:5]).all()
    assert ops.is_tensor(init((4, 3), part=Part((8, 6), (0, 0))))


def test_what_is_no_part_is_refused() -> None:
    with pytest.raises(ValueError, match="Orthogonal needs a part within the kernel"):
        ours.Orthogonal()((4, 4), part=Part((6, 6), (3, 3)))
    with pytest.raises(TypeError, match=r"an initcore.Part\(shape, offset\), got 3"):
        ours.Orthogonal()((4, 4), part=3)
