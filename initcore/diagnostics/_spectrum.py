"""The measured spectrum of a network's input-output Jacobian."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arguments import key_of_seed
from ..networks import Linearized, TracedModel
from ..reports import fragment, frame, histogram, progress
from ..spec import CORE, Integer, Spec
from ._figures import spectrum_figure
from ._lanczos import quadrature

__all__ = ["EXACT", "MeasuredSpectrum", "jacobian_spectrum", "spectrum_of"]

WHO = "jacobian_spectrum"
PROBES = Integer("random vectors", low=1)
STEPS = Integer("products with each of them", low=1)

TOGETHER = 32  # vectors in one pass: the weights are read once for all of them
EXACT = 2048  # sides of a Jacobian up to which all singular values are computed


class MeasuredSpectrum:
    """The distribution of a squared singular value of a real network's Jacobian.

    Attributes:
        exact: Whether all singular values were computed.
        nodes, weights: Squared singular values and their weights, which sum to 1; where it is
            estimated, one row a probe, each of which sums to 1.
        size: Number of singular values: the smaller side of the Jacobian, times the inputs.
    """

    def __init__(self, nodes: Any, weights: Any, *, size: int, exact: bool) -> None:
        self.nodes, self.weights = np.atleast_2d(nodes), np.atleast_2d(weights)
        self.size, self.exact = size, exact

    def moment(self, k: int) -> float:
        """Mean of the `k`-th power of the squared singular value."""
        return float(self._by_probe(lambda x: x**k).mean())

    @property
    def mean(self) -> float:
        """Mean of the squared singular value: 1 for a critical network."""
        return self.moment(1)

    @property
    def variance(self) -> float:
        """Its variance: 0 for an isometry."""
        return max(0.0, self.moment(2) - self.mean**2)

    @property
    def largest(self) -> float:
        """The largest squared singular value, or a lower bound of it where it is estimated."""
        return float(self.nodes[self.weights > 0].max(initial=0.0))

    def error(self, function: Callable[[Any], Any] = lambda x: x) -> float:
        """Standard error of the mean of `function` over the probes: 0 if exact, NaN of one."""
        values = self._by_probe(function)
        if self.exact or values.size < 2:
            return 0.0 if self.exact else math.nan
        return float(values.std(ddof=1) / math.sqrt(values.size))

    def cdf(self, x: Any) -> Any:
        """Fraction of squared singular values of at most `x`, of the shape of `x`."""
        at = np.asarray(x, dtype=np.float64)
        below = self.nodes[..., None] <= at.reshape(-1)
        found = (self.weights[..., None] * below).sum(axis=(0, 1)) / len(self.weights)
        return found.reshape(at.shape) if at.ndim else float(found[0])

    def quantile(self, p: Any) -> Any:
        """The smallest squared singular value whose `cdf` is at least `p`."""
        order = np.argsort(self.nodes, axis=None)
        total = np.cumsum(self.weights.reshape(-1)[order]) / len(self.weights)
        at = np.searchsorted(total, np.asarray(p, dtype=np.float64) - 1e-12)
        found = self.nodes.reshape(-1)[order][np.minimum(at, order.size - 1)]
        return found if np.ndim(p) else float(found)

    def figure(self, theory: Any = None) -> Any:
        """A matplotlib figure: singular values, beside a spectrum that theory predicts."""
        return spectrum_figure(self, theory)

    def pictures(self) -> str:
        """A histogram of the singular values on a scale of powers of ten, for a page."""
        s = np.sqrt(self.nodes.reshape(-1))
        pairs = zip(s.tolist(), self.weights.reshape(-1).tolist(), strict=True)
        title = "Singular values of the Jacobian; the line is at 1"
        return histogram(pairs, title, "singular value")

    def table(self) -> str:
        """The numbers in one line, for a page."""
        return f"<p>{self._told}.</p>"

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "size": self.size, "exact": self.exact, "mean": self.mean, "variance": self.variance,
            "error": self.error(), "quantiles": dict(zip(("0.05", "0.5", "0.95"),
                                                         self.quantile([0.05, 0.5, 0.95]).tolist(),
                                                         strict=True)),
            "nodes": self.nodes.tolist(), "weights": self.weights.tolist(),
        }  # fmt: skip

    def to_dataframe(self) -> Any:
        """A pandas `DataFrame` of the singular values and the weight of each.

        Raises:
            ModuleNotFoundError: pandas is missing.
        """
        values, weights = np.sqrt(self.nodes.reshape(-1)), self.weights.reshape(-1)
        return frame({"singular_value": values, "weight": weights / len(self.weights)})

    def _repr_html_(self) -> str:
        return fragment(self.table() + self.pictures())

    def _by_probe(self, function: Callable[[Any], Any]) -> Any:
        return (self.weights * function(self.nodes)).sum(axis=1)

    def __repr__(self) -> str:
        return f"MeasuredSpectrum({self._told})"

    @property
    def _told(self) -> str:
        how = "exact" if self.exact else f"from {len(self.nodes)} probes"
        error = "" if self.exact else f" +- {self.error():.2g}"
        low, middle, high = self.quantile([0.05, 0.5, 0.95])
        return (
            f"{self.size} squared singular values, {how}: mean {self.mean:.4g}"
            f"{error}, variance {self.variance:.4g}; 5 %, 50 % and 95 % below {low:.4g}, "
            f"{middle:.4g} and {high:.4g}"
        )


def jacobian_spectrum(
    model: TracedModel[Any], *, probes: int, steps: int, seed: int
) -> MeasuredSpectrum:
    """The squared singular values of a model's Jacobian at its inputs.

    Args:
        model: The user's model, as its adapter shows it.
        probes, steps, seed: As of `spectrum_of`.

    Raises:
        TypeError: An argument is wrong, or no array is among the inputs.
        ValueError: The model does not take its inputs, or there is nothing to differentiate by.
    """
    key_of_seed(seed, who=WHO)
    probes = Spec.check_parameter(WHO, "probes", PROBES, probes, CORE)
    steps = Spec.check_parameter(WHO, "steps", STEPS, steps, CORE)
    floats = list(model.float_inputs)
    if not floats:
        raise TypeError(f"{WHO} needs an array among the inputs.")

    def spectrum(linear: Linearized) -> MeasuredSpectrum:
        return spectrum_of(
            linear.forward, linear.backward, linear.shapes, probes=probes, steps=steps, seed=seed
        )

    # Integers in front are tokens to look up; if nothing looks them up they are a mask or a time.
    if not floats[0]:
        with model.linearized(None) as linear:
            if linear is not None:
                return spectrum(linear)
        if True not in floats:
            raise ValueError(
                f"{WHO} needs floating-point inputs, or integers that an embedding takes."
            )
    with model.linearized(floats.index(True)) as linear:
        if linear is None:
            raise ValueError(f"{WHO} needs outputs that depend on the inputs.")
        return spectrum(linear)


def spectrum_of(
    forward: Callable[[Any], Any],
    backward: Callable[[Any], Any],
    shapes: tuple[Sequence[int], Sequence[int]],
    *,
    probes: int,
    steps: int,
    seed: int,
) -> MeasuredSpectrum:
    """The spectrum of Jacobians that are known by their products with arrays of NumPy.

    Args:
        forward: `(k, batch, *in) -> (k, batch, *out)`: every input's Jacobian times `k` vectors.
        backward: `(k, batch, *out) -> (k, batch, *in)`: the same, transposed.
        shapes: `(batch, *in)` and `(batch, *out)`.
        probes, steps, seed: Of `quadrature`, where a side is longer than `EXACT`.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if not all(sizes):
        raise ValueError(f"{WHO} needs outputs that depend on the inputs.")
    into, out_of = map(tuple, shapes)
    if into[:1] != out_of[:1] or not into:
        raise ValueError(
            f"{WHO} needs inputs and outputs whose first axis counts the inputs, got "
            f"inputs of shape {into} and outputs of shape {out_of}."
        )
    batch = into[0]
    in_, out = (size // batch for size in sizes)
    there, back = _flat(forward, shapes[0]), _flat(backward, shapes[1])
    if in_ > out:
        there, back = back, there
    side = min(out, in_)
    if side <= EXACT:
        gram = np.zeros((batch, side, side))
        for k in progress(range(0, side, TOGETHER), "Jacobian"):
            units = np.eye(side)[k : k + TOGETHER, None].repeat(batch, axis=1)
            gram[:, k : k + TOGETHER] = np.swapaxes(back(there(units)), 0, 1)
        if not np.isfinite(gram).all():
            raise ValueError("the Jacobian is not finite; the network explodes.")
        gram = (gram + gram.transpose(0, 2, 1)) / 2
        values = np.maximum(np.linalg.eigvalsh(gram), 0.0).reshape(-1)
        weights = np.full(values.size, 1.0 / values.size)
        return MeasuredSpectrum(values, weights, size=values.size, exact=True)

    def product(v: Any) -> Any:
        return back(there(v.reshape(-1, batch, side))).reshape(len(v), -1)

    nodes, weights = quadrature(
        product, batch * side, probes=probes, steps=steps, seed=seed,
        bar=lambda items: progress(items, "Jacobian"),
    )  # fmt: skip
    return MeasuredSpectrum(nodes, weights, size=batch * side, exact=False)


def _flat(product: Callable[[Any], Any], shape: Sequence[int]) -> Callable[[Any], Any]:
    """The product of `(k, batch, -1)` vectors, which it takes as `(k, *shape)`."""
    return lambda v: np.asarray(product(v.reshape(-1, *shape))).reshape(len(v), shape[0], -1)
