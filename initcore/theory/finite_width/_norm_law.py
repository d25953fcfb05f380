"""The exact distribution of the squared norm of a finite random ReLU network's output."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...arguments import short_repr
from .._check import number
from ._arguments import Layer, count_of, layers_of, rng_of
from ._chain import compose
from ._contour import Inversion
from ._log_law import LogLaw
from ._moments import Moments
from ._quantile import quantiles
from ._units import Units, mirrored_units, relu_units

__all__ = ["NormLaw", "mirrored_norm_law", "relu_norm_law"]

EPS = 2.0**-53
Deviation = float | Sequence[float] | None


class NormLaw:
    """The distribution of `z = |x^L|**2` over the weights: an atom at 0 and a density above it.

    In deep networks `z` leaves the range of floats; with `log=True` the methods work on `log z`.

    Attributes:
        widths: Units of each layer.
        sigma_w: Standard deviation of the weights of each layer.
        sigma_b: Standard deviation of the biases of each layer.
        input_norm: `|x^0|`.
        atom_at_zero: `P(z = 0)`: every unit of the last layer is off.

    Args:
        layers: Widths and standard deviations; `relu_norm_law` makes them.
        units_of: The distribution of the number of active units, by width.
    """

    def __init__(
        self, layers: Sequence[Layer], units_of: Callable[[int], Units], input_norm: float
    ) -> None:
        self.widths = tuple(layer.width for layer in layers)
        self.sigma_w = tuple(layer.sigma_w for layer in layers)
        self.sigma_b = tuple(layer.sigma_b for layer in layers)
        self.input_norm = input_norm
        self._layers, self._units_of = tuple(layers), units_of
        self._log_square = 2 * math.log(input_norm) if input_norm else -math.inf
        self._moments = Moments(layers, units_of, self._log_square)
        self.atom_at_zero = self._dead()

    def __repr__(self) -> str:
        return (f"NormLaw(depth={len(self.widths)}, mean={self.mean:g}, "
                f"variance={self.variance:g}, atom_at_zero={self.atom_at_zero:g})")  # fmt: skip

    @property
    def mean(self) -> float:
        """`E z`, by iterating `z -> width / 2 * (sigma_w**2 z + sigma_b**2)`."""
        return _exp(self._moments.log_mean)

    @property
    def mean_field(self) -> float:
        """The value of `z` in the limit of infinite width. It is the mean; the limit misses how
        rarely `z` is near it."""
        return self.mean

    @property
    def variance(self) -> float:
        """`Var z`, infinite where it overflows."""
        return _exp(self._moments.log_variance)

    def moment(self, k: int, *, log: bool = False) -> float:
        """`E z**k` in closed form, or its logarithm.

        Raises:
            ValueError: `k` is negative.

        >>> he = relu_norm_law([100] * 50)
        >>> round(he.moment(2) / 1.05**50, 10)
        1.0
        """
        found = self._moments.log_moment(count_of("moment", k))
        return found if log else _exp(found)

    @property
    def log_mean(self) -> float:
        """`E[log z | z > 0]`: `exp(log_mean)` is the typical squared norm."""
        inversion = self._inversion
        return math.nan if inversion is None else inversion.mean + inversion.law.centre

    @property
    def log_variance(self) -> float:
        """`Var[log z | z > 0]`, about the sum of `5 / width` over the layers."""
        inversion = self._inversion
        return math.nan if inversion is None else inversion.variance

    def cdf(self, z: Any, *, log: bool = False) -> Any:
        """`P(|x^L|**2 <= z)`, or `P(log |x^L|**2 <= z)`, an array of the shape of `z`.

        Each tail is computed by itself, so that small probabilities keep their digits.

        >>> law = relu_norm_law([2], sigma_w=1.0)
        >>> law.cdf(0.0) == law.atom_at_zero == 0.25
        True
        """
        return self._tail(z, log, below=True)

    def sf(self, z: Any, *, log: bool = False) -> Any:
        """`1 - cdf(z)`, where small probabilities keep their digits."""
        return self._tail(z, log, below=False)

    def pdf(self, z: Any, *, log: bool = False) -> Any:
        """The density of `|x^L|**2`, or of its logarithm, without the atom: it integrates to
        `1 - atom_at_zero`, and is 0 where `z <= 0`."""
        x, shape = _logs(z, log)
        density = np.zeros(x.shape) if self._inversion is None else self._inversion.density(x)
        with np.errstate(over="ignore"):
            scale = 1.0 if log else np.exp(np.where(np.isfinite(x), -x, 0.0))
        return _shaped(np.where(density > 0, density * scale, 0.0), shape)

    def quantile(self, p: Any, *, log: bool = False) -> Any:
        """The least `z`, or `log z`, with `cdf(z) >= p`; 0 up to the atom's mass.

        Raises:
            ValueError: A probability is outside [0, 1].

        >>> law = relu_norm_law([100] * 50)
        >>> round(law.cdf(law.quantile(0.3)), 12), law.quantile(0.5) < 0.4 < law.mean
        (0.3, True)
        """
        given = np.asarray(p, dtype=np.float64)
        if not np.all((given >= 0) & (given <= 1)):
            raise ValueError(f"quantile needs p to be in [0, 1], got {short_repr(p)}.")
        flat = given.reshape(-1)
        found = np.full(flat.shape, -math.inf)
        if self._inversion is not None:
            found = quantiles(self._inversion, flat, self.atom_at_zero)
        with np.errstate(over="ignore"):
            return _shaped(found if log else np.exp(found), given.shape)

    def sample(self, n: int, seed: int, *, log: bool = False) -> Any:
        """`n` independent values of `z`, or of `log z` (`-inf` at the atom), of shape `(n,)`.

        The samples are exact. Each layer draws the number of active units, which is binomial, and
        a chi-square with that many degrees of freedom, each from 52 uniform bits of
        `initcore.Rng(seed)`.

        Raises:
            ValueError: `n` is negative, or the seed is not in `0 <= seed < 2**64`.

        >>> bool((relu_norm_law([1], sigma_w=1.0).sample(1000, 0) == 0).mean() < 0.55)
        True
        """
        n, rng = count_of("sample", n), rng_of("sample", seed)
        y = np.full(n, self._log_square)
        for i, layer in enumerate(self._layers):
            units = self._units_of(layer.width)
            root = math.sqrt(units.mean)
            with np.errstate(divide="ignore"):
                signal, noise = 2 * np.log(np.array([layer.sigma_w, layer.sigma_b]) * root)
            y = np.logaddexp(y + signal, noise) + units.draw(rng.fold_in(i), n)
        with np.errstate(over="ignore"):
            return y if log else np.exp(y)

    @functools.cached_property
    def error(self) -> float:
        """An estimate of the error of `cdf`: its largest change when the whole computation is
        repeated with finer steps, plus a rounding for each layer.

        The change is measured at 65 points, between the quantiles of 1e-12 and `1 - 1e-12`.
        """
        if self._inversion is None:
            return 0.0
        finer = Inversion(self._compose(1.3) or self._inversion.law, 1.3)
        low, high = self._inversion.span(1e-12)
        x = np.linspace(low, high, 65)
        change = np.abs(self._inversion.tails(x)[0] - finer.tails(x)[0]).max()
        return float(change) + 2 * EPS * len(self.widths)

    @functools.cached_property
    def _inversion(self) -> Inversion | None:
        """None where `z` is always 0."""
        law = self._compose(1.0)
        return None if law is None else Inversion(law)

    def _compose(self, fineness: float) -> LogLaw | None:
        return compose(self._layers, self._units_of, self._log_square, fineness)

    def _tail(self, z: Any, log: bool, *, below: bool) -> Any:
        x, shape = _logs(z, log)
        atom = self.atom_at_zero
        low, high = np.zeros(x.shape), np.zeros(x.shape)
        if self._inversion is not None:
            low, high = self._inversion.tails(x)
        # negative z, and log z = nan, lie below the atom
        out = np.where(low < high, atom + low, 1 - high) if below else (
            np.where(low < high, 1 - (atom + low), high))  # fmt: skip
        out = np.where(
            x == math.inf, float(below), np.where(x == -math.inf, atom if below else 1 - atom, out)
        )
        if not log:
            out = np.where(np.asarray(z, dtype=np.float64).reshape(-1) < 0, float(not below), out)
        return _shaped(out, shape)

    def _dead(self) -> float:
        dead = 0.0 if self.input_norm else 1.0
        for layer in self._layers:
            silent = self._units_of(layer.width).dead
            if layer.sigma_b:
                dead = silent
            elif layer.sigma_w:
                dead += (1 - dead) * silent
            else:
                dead = 1.0
        return dead


def relu_norm_law(
    widths: Any,
    *,
    sigma_w: Deviation = None,
    sigma_b: float | Sequence[float] = 0.0,
    input_norm: float = 1.0,
) -> NormLaw:
    """The distribution of `|x^L|**2`, `x^l = relu(W^l x^(l-1) + b^l)`, for Gaussian `W^l`, `b^l`.

    Given `y = |x^(l-1)|**2` and `v = sigma_w**2 y + sigma_b**2`, `|x^l|**2` is `v` times a
    chi-square with `K` degrees of freedom, `K ~ Binomial(N_l, 1/2)` (Burkholz and Dubatovka,
    NeurIPS 2019); no limit is taken. The standard deviations are those of the entries themselves:
    unlike elsewhere in `initcore.theory` they are not multiplied by `sqrt(fan_in)`.

    Args:
        widths: Units `N_1, ..., N_L` of the layers (not of the input), each from 1 to 2**20.
        sigma_w: Standard deviation of the weights, one number or one a layer. By default He's,
            `sqrt(2 / N_l)`, which keeps `E |x|**2`.
        sigma_b: Standard deviation of the biases, one number or one a layer.
        input_norm: `|x^0|`, the norm of the input.

    Raises:
        TypeError: A width is not an integer, or another argument is not a number.
        ValueError: A width is out of range, a standard deviation or `input_norm` is negative or not
            finite, or the number of standard deviations is not the number of layers.

    >>> he = relu_norm_law([100] * 50)
    >>> round(he.mean, 12), round(he.moment(2), 3), round(he.quantile(0.5), 3)
    (1.0, 11.467, 0.284)
    """
    layers = layers_of("relu_norm_law", widths, sigma_w, sigma_b)
    return NormLaw(layers, relu_units, number("relu_norm_law", "input_norm", input_norm))


def mirrored_norm_law(
    widths: Any,
    *,
    sigma_w: Deviation = None,
    sigma_b: float | Sequence[float] = 0.0,
    input_norm: float = 1.0,
) -> NormLaw:
    """The distribution of `|x^L|**2` in a mirrored ReLU network of Gaussian half blocks (GSM).

    `relu(u)` and `relu(-u)` together have the norm of `u = W0 (x_+ - x_-) + b0`. So a layer of
    width `N` multiplies by a chi-square with `N / 2` degrees of freedom: half of the units are
    active.

    Args:
        widths: Units `N_1, ..., N_L` of the layers, even numbers that count both signs.
        sigma_w: Standard deviation of the entries of `W0`, one number or one a layer. By default
            GSM's, `sqrt(2 / N_l)`, which keeps `E |x|**2`.
        sigma_b: Standard deviation of the entries of `b0`, one number or one a layer.
        input_norm: The norm of the input.

    Raises:
        TypeError: As for `relu_norm_law`.
        ValueError: As for `relu_norm_law`, or a width is odd.

    >>> round(mirrored_norm_law([100] * 50).moment(2) / 1.04**50, 10)
    1.0
    """
    layers = layers_of("mirrored_norm_law", widths, sigma_w, sigma_b)
    for layer in layers:
        if layer.width % 2:
            raise ValueError(f"mirrored_norm_law needs even widths, got {layer.width}.")
    return NormLaw(layers, mirrored_units, number("mirrored_norm_law", "input_norm", input_norm))


def _logs(z: Any, log: bool) -> tuple[Any, tuple[int, ...]]:
    """`log z` as a flat array, `-inf` where `z <= 0`, and the shape of `z`."""
    given = np.asarray(z, dtype=np.float64)
    flat = given.reshape(-1)
    if log:
        return flat, given.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.maximum(flat, 0)), given.shape


def _shaped(values: Any, shape: tuple[int, ...]) -> Any:
    return values.reshape(shape) if shape else float(values[0])


def _exp(x: float) -> float:
    return math.exp(x) if x < 709.78 else math.inf
