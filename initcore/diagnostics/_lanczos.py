"""Stochastic Lanczos quadrature: the spectrum of a matrix that is known by its products alone.

Each random probe gives a Gauss quadrature of the spectral measure (Golub & Welsch; Ubaru, Chen &
Saad, SIAM J. Matrix Anal. Appl. 38, 2017): `steps` products integrate polynomials of degree
`2 steps - 1` exactly, and the mean over probes is unbiased.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..random import Rng

__all__ = ["quadrature"]


def quadrature(
    product: Callable[[Any], Any],
    size: int,
    *,
    probes: int,
    steps: int,
    seed: int,
    bar: Callable[[Iterable[int]], Iterable[int]] = lambda items: items,
) -> tuple[Any, Any]:
    """Nodes and weights `(probes, steps)` of the distribution of an eigenvalue, each row of mass 1.

    Lanczos with full reorthogonalization, all probes at once.

    Args:
        product: `(probes, size) -> (probes, size)`, each row times a symmetric positive
            semidefinite matrix, in float64.
        size: Length of the vectors.
        probes: Independent random vectors.
        steps: Products of each, at most `size`.
        seed: Of the probes.
        bar: Shows progress over the steps.
    """
    steps = min(steps, size)
    v = Rng(seed, dtype="float64").normal((probes, size))
    basis = np.zeros((probes, steps, size))
    basis[:, 0] = v / np.linalg.norm(v, axis=1, keepdims=True)
    diagonal, off = np.zeros((probes, steps)), np.zeros((probes, steps))
    for k in bar(range(steps)):
        w = np.array(product(basis[:, k]), dtype=np.float64)
        if not np.isfinite(w).all():
            raise ValueError("the products with the Jacobian are not finite; the network explodes.")
        diagonal[:, k] = (basis[:, k] * w).sum(axis=1)
        known = basis[:, : k + 1]
        for _ in range(2):  # twice is enough: what rounding leaves along the basis is taken out
            w -= np.einsum("pk,pkn->pn", np.einsum("pkn,pn->pk", known, w), known)
        if k + 1 < steps:
            off[:, k] = np.linalg.norm(w, axis=1)
            # A probe within an invariant subspace has come to an end: its row stays 0.
            ended = off[:, k] <= 1e-12 * np.abs(diagonal[:, : k + 1]).max(axis=1, initial=1e-300)
            off[ended, k] = 0.0
            basis[:, k + 1] = (
                np.where(ended, 0.0, 1.0)[:, None]
                * w
                / np.where(ended, 1.0, off[:, k]).reshape(-1, 1)
            )
    from scipy.linalg import eigh_tridiagonal  # a third of a second to import

    nodes, weights = np.zeros((probes, steps)), np.zeros((probes, steps))
    for p in range(probes):
        values, vectors = eigh_tridiagonal(diagonal[p], off[p, : steps - 1])
        nodes[p], weights[p] = np.maximum(values, 0.0), vectors[0] ** 2
    return nodes, weights
