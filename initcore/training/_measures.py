"""Numbers of one layer in a running step: cheap beside it, in any array library, also under `jit`.

They take arrays in float32 or wider, and return arrays without axes.
"""

from typing import Any

__all__ = [
    "dead_units",
    "largest_singular_value",
    "mean_square",
    "typical_singular_value",
]


def mean_square(x: Any) -> Any:
    """Mean of the squared elements.

    Args:
        x: Array of any shape.

    >>> import numpy as np
    >>> float(mean_square(np.array([[3.0, 1.0]])))
    5.0
    """
    return (x * x).mean()


def dead_units(gradient: Any) -> Any:
    """Share of the rows of a kernel's gradient `(out, in)` that are exactly 0.

    Where an activation has slope 0 at every input of a step, no weight of its unit has a gradient.

    Args:
        gradient: A matrix `(out, in)`.

    >>> import numpy as np
    >>> float(dead_units(np.array([[0.0, 0.0], [0.0, 1e-9]])))
    0.5
    """
    alive = (gradient != 0).any(1)
    return 1.0 - (alive * 1.0).mean()


def typical_singular_value(w: Any) -> Any:
    """Root mean square of the singular values of a matrix: each of them, if it is orthogonal.

    Args:
        w: A matrix of any shape.

    >>> import numpy as np
    >>> float(typical_singular_value(np.diag([1.0, 7.0])))
    5.0
    """
    return ((w * w).sum() / min(w.shape)) ** 0.5


def largest_singular_value(w: Any, v: Any, steps: int = 2) -> tuple[Any, Any]:
    """A lower bound of the largest singular value of a matrix, and a better direction than `v`.

    Power iteration on `w.T @ w`: with the direction of the last call it becomes exact while the
    weights change slowly.

    Args:
        w: A matrix `(out, in)`.
        v: A direction `(in,)` that is not 0, at first a random one.
        steps: Products with `w.T @ w`.

    >>> import numpy as np
    >>> w, v = np.diag([1.0, 7.0]), np.ones(2)
    >>> round(float(largest_singular_value(w, v, steps=8)[0]), 6)
    7.0
    """
    for _ in range(steps):
        v = (w @ v) @ w  # w.T @ (w @ v), for which XLA takes 5 times as long on CPUs
        v = v / ((v * v).sum() ** 0.5 + 1e-30)  # a kernel of zeros keeps a direction of zeros
    u = w @ v
    return (u * u).sum() ** 0.5, v
