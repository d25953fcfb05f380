import evenkeel
import numpy as np


def test_the_default_deviation_is_small():
    w = evenkeel.normal((100, 100), np.random.default_rng(0))
    assert 0.019 < w.std() < 0.021
