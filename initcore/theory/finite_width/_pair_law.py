"""The exact joint distribution of a finite random ReLU network's outputs for two inputs."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arguments import short_repr
from .._check import number
from ._arguments import Layer, count_of, layers_of, rng_of
from ._norm_law import Deviation, NormLaw, relu_norm_law
from ._pair_transform import PairUnit
from ._steepest import cumulated

__all__ = ["FORMS", "PairLaw", "relu_pair_law"]

FORMS = {"product": (0.0, 0.0, 1.0), "distance": (1.0, 1.0, -2.0)}
AT_ONCE = 1 << 20  # pre-activations that `sample` holds at a time
Form = str | tuple[float, float, float]


class PairLaw:
    """The distribution of `|x|**2`, `|x'|**2` and `<x, x'>` over the weights.

    `x` and `x'` are the network's outputs for two inputs.

    Attributes:
        widths: Units of each layer.
        norms: The distributions of `|x|**2` and of `|x'|**2`, exact at any depth.

    Args:
        layers: Widths and standard deviations; `relu_pair_law` makes them.
        cosine: Cosine of the angle between the two inputs.
    """

    def __init__(
        self, layers: Sequence[Layer], norms: tuple[NormLaw, NormLaw], cosine: float
    ) -> None:
        self.widths, self.norms = norms[0].widths, norms
        self._layers = tuple(layers)
        a, b = (law.input_norm for law in norms)
        self._gram = (a * a, b * b, a * b * cosine)

    def __repr__(self) -> str:
        return f"PairLaw(depth={len(self.widths)}, mean_field={self.mean_field})"

    @property
    def mean_field(self) -> tuple[float, float, float]:
        """`|x|**2`, `|x'|**2` and `<x, x'>` in the limit of infinite width. After one layer these
        are the means."""
        gram = self._gram
        for layer in self._layers:
            a, b, c = self._covariance(layer, gram)
            product = PairUnit(a, b, c, 0.0, 0.0, 1.0).mean
            gram = (layer.width * a / 2, layer.width * b / 2, layer.width * product)
        return gram

    def mean(self, of: Form = "distance") -> float:
        """`E S` after one layer; see `cdf`."""
        return self._layers[0].width * self._unit("mean", of).mean

    def atom_at_zero(self, of: Form = "distance") -> float:
        """`P(S = 0)` after one layer; see `cdf`."""
        return self._unit("atom_at_zero", of).silent ** self._layers[0].width

    def cdf(self, t: Any, of: Form = "distance") -> Any:
        """`P(S <= t)` after one layer, of the shape of `t`, to about 1e-12.

        The transform `E exp(-s S)` of one unit has a closed form. Its power is inverted along a
        path of steepest descent.

        Args:
            t: Values of `S`.
            of: What `S` is: `"distance"`, `|x - x'|**2`; `"product"`, `<x, x'>`; or the weights
                `(alpha, beta, gamma)` of `|x|**2`, `|x'|**2` and `<x, x'>` in a sum that cannot be
                negative.

        Raises:
            ValueError: There is more than one layer, or the sum can be negative.

        >>> pair = relu_pair_law([2], sigma_w=1.0, cosine=0.0)
        >>> round(pair.cdf(0.0, "product"), 12) == 0.75**2
        True
        """
        unit, width = self._unit("cdf", of), self._layers[0].width
        given = np.asarray(t, dtype=np.float64)
        flat = given.reshape(-1)
        out = np.where(flat >= 0, unit.silent**width, 0.0)
        if unit.silent < 1:
            for i in np.flatnonzero(np.isfinite(flat) & (flat > 0)):
                out[i] = cumulated(unit, width, float(flat[i]))
        out[flat == math.inf] = 1.0
        out[np.isnan(flat)] = math.nan
        return out.reshape(given.shape) if given.ndim else float(out[0])

    def sample(self, n: int, seed: int) -> Any:
        """`n` independent values of `(|x|**2, |x'|**2, <x, x'>)` at any depth, of shape `(n, 3)`.

        The samples are exact. The Gram matrix of two inputs is a Markov chain through the layers,
        so each layer draws its units' pre-activations only, not its weights. The time grows as
        `n * sum(widths)`.

        Raises:
            ValueError: `n` is negative, or the seed is not in `0 <= seed < 2**64`.

        >>> relu_pair_law([50] * 3).sample(4, seed=0).shape
        (4, 3)
        """
        n, rng = count_of("sample", n), rng_of("sample", seed)
        gram = np.tile(np.array(self._gram), (n, 1))
        for i, layer in enumerate(self._layers):
            rows = max(1, AT_ONCE // layer.width)
            for start in range(0, n, rows):
                some = gram[start : start + rows]
                a, b, c = (layer.sigma_w**2 * some + layer.sigma_b**2).T[:, :, None]
                z = rng.fold_in(i).fold_in(start).normal((2, some.shape[0], layer.width))
                root = np.sqrt(a)
                slope = np.divide(c, root, out=np.zeros_like(c), where=root > 0)
                x = np.maximum(root * z[0], 0)
                y = np.maximum(slope * z[0] + np.sqrt(np.maximum(b - slope**2, 0)) * z[1], 0)
                gram[start : start + rows] = np.stack(
                    [(x * x).sum(1), (y * y).sum(1), (x * y).sum(1)], 1
                )
        return gram

    @staticmethod
    def _covariance(layer: Layer, gram: tuple[float, float, float]) -> tuple[float, float, float]:
        a, b, c = (layer.sigma_w**2 * g + layer.sigma_b**2 for g in gram)
        return a, b, c

    def _unit(self, who: str, of: Form) -> PairUnit:
        if len(self._layers) != 1:
            raise ValueError(
                f"{who} is known in closed form after one layer, and there are "
                f"{len(self._layers)}: use sample, or norms for one input."
            )
        if isinstance(of, str) and of not in FORMS:
            raise ValueError(f"{who} needs of to be {' or '.join(map(repr, FORMS))} or three "
                             f"weights, got {short_repr(of)}.")  # fmt: skip
        weights = FORMS[of] if isinstance(of, str) else tuple(float(w) for w in of)
        alpha, beta, gamma = weights
        if not (alpha >= 0 and beta >= 0 and gamma >= -2 * math.sqrt(alpha * beta)
                and math.isfinite(alpha + beta + gamma)):  # fmt: skip
            raise ValueError(f"{who} needs a sum that cannot be negative, alpha >= 0, beta >= 0 "
                             f"and gamma >= -2 sqrt(alpha beta), got {weights}.")  # fmt: skip
        return PairUnit(*self._covariance(self._layers[0], self._gram), alpha, beta, gamma)


def relu_pair_law(
    widths: Any,
    *,
    sigma_w: Deviation = None,
    sigma_b: float | Sequence[float] = 0.0,
    input_norms: tuple[float, float] = (1.0, 1.0),
    cosine: float = 0.0,
) -> PairLaw:
    """The joint distribution of two outputs' squared norms and inner product, for two inputs.

    A layer's units see pre-activations `(u, u')` that are independent and normal with covariance
    `sigma_w**2 <x, x'> + sigma_b**2` (Burkholz and Dubatovka, NeurIPS 2019); no limit is taken.

    Args:
        widths, sigma_w, sigma_b: As in `relu_norm_law`.
        input_norms: The norms of the two inputs.
        cosine: The cosine of the angle between them.

    Raises:
        TypeError: As for `relu_norm_law`.
        ValueError: As for `relu_norm_law`, or `cosine` is not in [-1, 1].

    >>> pair = relu_pair_law([100], cosine=0.0)
    >>> round(pair.mean("product") * math.pi, 9)  # the arc-cosine kernel of orthogonal inputs
    1.0
    """
    layers = layers_of("relu_pair_law", widths, sigma_w, sigma_b)
    try:
        first, second = input_norms
    except (TypeError, ValueError):
        raise ValueError(
            f"relu_pair_law needs two input_norms, got {short_repr(input_norms)}."
        ) from None
    if not isinstance(cosine, (int, float, np.floating)) or not -1 <= cosine <= 1:
        raise ValueError(f"relu_pair_law needs cosine to be in [-1, 1], got {short_repr(cosine)}.")
    laws = [
        relu_norm_law(widths, sigma_w=sigma_w, sigma_b=sigma_b,
                      input_norm=number("relu_pair_law", "input_norms", norm))
        for norm in (first, second)
    ]  # fmt: skip
    return PairLaw(layers, (laws[0], laws[1]), float(cosine))
