"""Initializers for plain NumPy networks."""

import math

import numpy as np


def orthogonal(shape, rng, gain=1.0, dtype=np.float32):
    """A kernel `(out, in, *spatial)` whose singular values as a matrix are all `gain`."""
    out, fan_in = shape[0], math.prod(shape[1:])
    gaussian = rng.standard_normal((max(out, fan_in), min(out, fan_in)))
    q, r = np.linalg.qr(gaussian)
    q *= np.sign(np.diagonal(r))
    return (gain * (q if out >= fan_in else q.T)).reshape(shape).astype(dtype)


def normal(shape, rng, std=0.02, dtype=np.float32):
    """Independent normal entries."""
    return (std * rng.standard_normal(shape)).astype(dtype)
