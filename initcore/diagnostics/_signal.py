"""What happens to signals and gradients on their way through a network."""

import math
from typing import Any

import numpy as np

from ..activations import activation_of
from ..arguments import key_of_seed, one_line
from ..networks import LINEAR, Network, Recording, TracedModel, Weight, describe_network
from ..random import Rng
from ..theory import length_map
from ._signal_report import LayerSignal, SignalReport

__all__ = ["signal_check", "signal_report", "too_many"]

WHO = "signal_report"
MANY = 2**27  # weights of a model that is not run unasked

NOTHING = 1e-4  # an entry of a kernel by which a branch adds nothing: idinit_zero's are 1e-6
OFTEN = 4  # kernels a normalization, at most; a block of a transformer has two for four to seven


def signal_report(model: TracedModel[Any], *, seed: int) -> SignalReport:
    """Measurements at every layer of a model, from one run forward and backward.

    Args:
        model: The user's model, as its adapter shows it.
        seed: Of the random linear function of the outputs whose gradient is taken.

    Raises:
        TypeError: The seed is no integer, or the model has no floating-point output.
        ValueError: The model does not take its inputs, or there are none.
    """
    key_of_seed(seed, who=WHO)
    network = describe_network(model.graph)
    found = model.recorded(lambda shape: Rng(seed, dtype="float32").normal(tuple(shape)))
    return SignalReport(*_layers(model, network, found))


def signal_check(model: TracedModel[Any], network: Network, seed: int) -> SignalReport | str:
    """The report of a model that has just been initialized, or why there is none.

    Args:
        model: The adapter's object for the model.
        network: `Network` of the model.
        seed: Seed of the random inputs, where there is no sample.
    """
    reason = getattr(model, "too_dear", "")
    if reason:
        return str(reason)
    try:
        coefficients = Rng(seed, dtype="float32").fold_in("signal check")
        found = model.recorded(lambda shape: coefficients.normal(tuple(shape)))
        return SignalReport(*_layers(model, network, found))
    except Exception as error:  # of the model's own: looking must not fail what has been done
        return one_line(error)


def too_many(weights: int) -> str:
    """Why a model of so many weights is not run to check it; empty if it can be.

    Args:
        weights: Number of weights of the model.
    """
    return f"{weights:.1e} weights are many for a look" if weights > MANY else ""


def _layers(
    model: TracedModel[Any], network: Network, found: Recording
) -> tuple[list[LayerSignal], str, int, tuple[str, ...]]:
    entering = found.entering
    if entering is not None and not np.size(entering):
        raise ValueError(f"{WHO} needs at least one input, got none.")
    q = 1.0 if entering is None else float(np.square(entering).mean())
    predicted = _predicted(model, network, found, q)
    layers, inputs, closed = [], 0, _closed(model, network)
    fed, norms = _fed(network), sum(node.kind == "norm" for node in network.graph.nodes)
    normalized = OFTEN * norms >= len(network.kernels)
    for w in network.kernels:
        if w.path not in found.signals:
            continue
        h = _parts(found.signals[w.path])
        inputs = len(h)
        flat = h.reshape(inputs, -1)
        g = found.gradients.get(w.path)
        layers.append(
            LayerSignal(
                w.path, w.role, float((flat**2).mean()), predicted.get(w.path),
                None if g is None else float((_parts(g) ** 2).mean()),
                None if network.normalized else _dead(w, flat), _correlation(flat), _rank(flat),
                flat.shape[1], w.path in closed, w.path in fed,
                normalized, w.ends_branch,
            )
        )  # fmt: skip
    unseen = tuple(w.path for w in network.kernels if w.path not in found.signals)
    return layers, model.name, inputs, unseen


def _parts(values: Any) -> Any:
    """Real numbers as they are, complex ones as two of the same mean square."""
    values = np.asarray(values)
    if not np.iscomplexobj(values):
        return values.astype(np.float64)
    return math.sqrt(2.0) * np.stack([values.real, values.imag], -1)


def _opening(model: TracedModel[Any], network: Network) -> set[int | None]:
    """Numbers of the residual branches that end in a kernel, or in a scale, of almost 0."""
    found: set[int | None] = set()
    for w in network.weights:
        if not w.ends_branch:
            continue
        values = model.values(w.path)
        if values is None or np.size(values) == 0 or np.abs(values).max() > NOTHING:
            continue
        if w.parameter.kind == "scale":
            found |= set(range(len(network.branches)))
        elif w.branch is not None:
            found.add(w.branch)
    return found


def _closed(model: TracedModel[Any], network: Network) -> set[str]:
    """The kernels of branches that add almost nothing, and those whose every way to the outputs is
    by such branches.
    """
    opening, graph = _opening(model, network), network.graph
    last = {i for n, b in enumerate(network.branches) if n in opening for i in b.last}
    reached, front = set[int](), list(graph.outputs)
    while front:
        i = front.pop()
        if i not in reached and i not in last:
            reached.add(i)
            front += graph.nodes[i].inputs
    inside = {w.path for w in network.kernels if w.branch in opening}
    if not last or not graph.outputs:
        return inside
    found = {path for i in reached for path in graph.nodes[i].parameters}
    return inside | {w.path for w in network.kernels if w.path not in found}


def _fed(network: Network) -> set[str]:
    """The kernels whose products depend on what the model is given; all if it was not traced."""
    graph = network.graph
    given = (i for i, n in enumerate(graph.nodes) if n.kind == "input" and not n.parameters)
    inputs = sum(1 << i for i in given)
    if not graph.traced:
        return {w.path for w in network.kernels}
    return {
        path
        for i, node in enumerate(graph.nodes)
        if graph.ancestors[i] & inputs
        for path in node.parameters
    }


def _predicted(
    model: TracedModel[Any], network: Network, found: Recording, entering: float
) -> dict[str, float]:
    """The length map along a plain network, as far as every layer was recorded."""
    if not network.graph.traced or not network.is_chain:
        return {}
    predicted: dict[str, float] = {}
    q, phi = entering, LINEAR
    for w in network.kernels:
        if w.path not in found.signals or w.parameter.kind == "recurrent":
            return predicted
        sigma_w, sigma_b = _deviations(model, w)
        try:
            # The input is no pre-activation: the first layer sees it as it is.
            q = float(length_map(phi, q, sigma_w, sigma_b))
        except ValueError:  # past the largest float, or no second moment
            return predicted
        predicted[w.path], phi = q, w.activation
    return predicted


def _deviations(model: TracedModel[Any], w: Weight) -> tuple[float, float]:
    """`(sigma_w, sigma_b)` of a layer: `sigma_w**2` is `fan_in` times its weights' mean square."""
    kernel = w.parameter.kernel
    fan_in = 1 if kernel is None else kernel.fan_in
    means = [0.0 if x is None else float(np.square(np.asarray(x, dtype=np.float64)).mean())
             for x in (model.values(w.path), model.bias(w.path))]  # fmt: skip
    return math.sqrt(fan_in * means[0]), math.sqrt(means[1])


def _dead(w: Weight, flat: Any) -> float | None:
    if w.activation == LINEAR or not np.isfinite(flat).all():
        return None
    slopes = activation_of(w.activation).derivative(flat)
    return float((slopes == 0).all(axis=0).mean())


def _correlation(flat: Any) -> float:
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    if len(flat) < 2 or not np.isfinite(lengths).all() or not (lengths > 0).all():
        return math.nan
    unit = flat / lengths
    n = len(unit)
    return float(((unit.sum(axis=0) ** 2).sum() - n) / (n * (n - 1)))


def _rank(flat: Any) -> float:
    if not np.isfinite(flat).all() or not flat.any():
        return math.nan
    s = np.linalg.svd(flat / np.abs(flat).max(), compute_uv=False) ** 2
    p = s[s > 0] / s.sum()
    return float(np.exp(-(p * np.log(p)).sum()))
