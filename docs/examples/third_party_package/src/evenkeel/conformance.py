"""What this package claims, for initcore's conformance suite."""

import evenkeel
from initcore_conformance import of_numpy, of_torch

orthogonal = of_numpy(evenkeel.orthogonal, "orthogonal")
normal = of_numpy(evenkeel.normal, "normal")


def torch_orthogonal():
    """Made when it is asked for: PyTorch need not be installed for the others."""
    from evenkeel.torch import orthogonal_

    return of_torch(orthogonal_, "orthogonal")
