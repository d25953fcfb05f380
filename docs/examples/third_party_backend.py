"""A third party's initializer as a backend of the conformance suite, and what is wrong with it."""

import math

import numpy as np


class MyLibrary:
    name = "my_library"
    initializers = ("orthogonal",)

    def sample(self, name, shape, *, seed, dtype="float32", gain=1.0, groups=1):
        rng = np.random.default_rng(seed)
        out, fan_in = shape[0] // groups, math.prod(shape[1:])
        gaussian = rng.standard_normal((groups, max(out, fan_in), min(out, fan_in)))
        q = np.linalg.qr(gaussian)[0]
        q = q if out >= fan_in else q.swapaxes(1, 2)
        return (gain * q).reshape(shape).astype(dtype)


backend = MyLibrary()
