"""What this package claims, for initcore's conformance suite."""

import evenkeel
from evenkeel.initializers import signed_permutation
from initcore import Rng
from initcore_conformance import of_numpy, of_torch


class Evenkeel:
    """The initializer that this package adds: a backend needs no more than these three members."""

    name = "evenkeel"
    initializers = ("signed_permutation",)

    def sample(self, name, shape, *, seed, dtype="float32", gain=1.0, groups=1):
        return signed_permutation(Rng(seed, dtype=dtype), shape, gain=gain, groups=groups)


orthogonal = of_numpy(evenkeel.orthogonal, "orthogonal")
normal = of_numpy(evenkeel.normal, "normal")


def torch_orthogonal():
    """Made when it is asked for: PyTorch need not be installed for the others."""
    from evenkeel.torch import orthogonal_

    return of_torch(orthogonal_, "orthogonal")
