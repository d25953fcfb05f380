"""The schemes: functions from a network to the rules of its kernels."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from ..activations import activation_of
from ..arguments import meant, short_repr
from ..density import erdos_renyi_kernel
from ..spec import specs
from ..theory import Held, held
from ._registry import SCHEMES, scheme
from ._rules import OWN_SCALE, Rule, Scheme, gain_of
from .roles import LINEAR, Network, Weight

__all__ = ["scheme_of"]


@scheme("orthogonal")
def _orthogonal(network: Network, convolution: str = "orthogonal") -> Scheme:
    """Orthogonal kernels with the critical gain of the activation that follows each."""
    chain, share = _chain(network), _share(network)
    plain = network.is_chain and all(w.role != "recurrent" for w in network.kernels)

    def rule(w: Weight) -> Rule:
        name = "orthogonal"
        if w.parameter.kernel is not None and w.parameter.kernel.spatial:
            name = _fitting(convolution, w)
        if w.ends_branch and not w.settled:
            gain, why = share
        elif chain is not None:
            gain, why = chain(w)
        else:
            gain, why = gain_of(w)
        wider = _widening(w) if plain and (chain is not None or w.role != "first") else 1.0
        if wider > 1:
            gain, why = (
                gain * wider,
                f"{why}, times {wider:.3g} for {wider**2:.3g} outputs an input",
            )
        return Rule(name, {"gain": gain}, why)

    bias_std = chain.bias_std if chain else 0.0
    return Scheme(rule, bias_std, branch_scale=share)


def _share(network: Network) -> tuple[float, str]:
    """The gain at the end of a residual branch, so that all branches add up to the stem's size."""
    count, scale = max(1, len(network.branches)), network.stem_scale
    why = f"one of {count} branches that add up"
    if scale != 1:
        why += f" to the stem's {scale:.3g}"
    return scale * count**-0.5, why


def _widening(w: Weight) -> float:
    """The factor that keeps the mean square of a signal where outputs outnumber inputs.

    Orthonormal columns keep a signal's norm, but spread it over more elements. Backward, the same
    factor keeps the gradient's norm. Narrowing layers keep mean squares forward and norms backward
    without a factor.
    """
    kernel = w.parameter.kernel
    if kernel is None or w.role in OWN_SCALE:
        return 1.0
    outs = kernel.out // max(kernel.groups, w.parts)
    outs = len(w.rows) if w.rows is not None else outs
    return math.sqrt(max(1.0, outs / max(kernel.fan_in, 1)))


class _Chain:
    """A plain deep network of one activation, at a mean square where gradients keep their size.

    The first layer scales the inputs to it, and the last one undoes that.
    """

    def __init__(self, network: Network, point: Held, name: str) -> None:
        self.bias_std, self._held, self._name = point.sigma_b, point, name
        self._first, self._last = network.kernels[0].path, network.kernels[-1].path
        self._input = network.input_scale
        self._lifts = (point.q - point.sigma_b**2) ** 0.5 / self._input

    def __call__(self, w: Weight) -> tuple[float, str]:
        if w.path == self._first:
            return self._lifts, (
                f"brings inputs of root mean square {self._input:g} to the mean square "
                f"q = {self._held.q:.3g}, {self._held.kind} for {self._name}"
            )
        if w.activation != LINEAR:
            return self._held.gain, f"{self._held.kind} for {self._name} at q = {self._held.q:.3g}"
        if w.path == self._last:
            return self._held.gain / self._lifts, "undoes the first layer's scale"
        return gain_of(w)


def _chain(network: Network) -> _Chain | None:
    """The rules of a plain deep network of one activation, or None for another network."""
    kernels = network.kernels
    found = [w.activation for w in kernels if w.activation != LINEAR]
    plain = network.graph.traced and network.is_chain
    if not plain or not found or any(phi != found[0] for phi in found) or len(kernels) < 2:
        return None
    try:
        phi = activation_of(found[0])
    except (TypeError, ValueError):  # of no finite values, say
        return None
    bent = all(w.activation != LINEAR for w in kernels[:-1])
    if phi.slopes is not None or not bent or any(w.pieces for w in kernels):
        return None  # the same gain at every mean square and depth, or layers of another kind
    try:
        point = held(found[0], len(network.graph.layers))
    except ValueError:  # no mean square can be kept
        return None
    return _Chain(network, point, kernels[0].activation_name)


def _fitting(name: str, w: Weight) -> str:
    """`name`, or the delta kernel where the shape does not fit it (depthwise, grouped)."""
    kernel = w.parameter.kernel
    assert kernel is not None
    if name != "orthogonal" and not 3 <= len(kernel.shape) <= 5:
        return "orthogonal"
    return "delta_orthogonal" if name == "conv_orthogonal" and w.role == "depthwise" else name


@scheme("delta_orthogonal")
def _delta(network: Network) -> Scheme:
    """Convolutions that act as one orthogonal matrix on every pixel."""
    return _orthogonal(network, "delta_orthogonal")


@scheme("conv_orthogonal")
def _convolutional(network: Network) -> Scheme:
    """Convolutions orthogonal as a whole, under circular padding."""
    return _orthogonal(network, "conv_orthogonal")


@scheme("sparse_orthogonal")
def _sparse(
    network: Network,
    density: float = 0.1,
    allocation: Callable[..., Any] = erdos_renyi_kernel,
) -> Scheme:
    """Exactly orthogonal kernels with zeros, of one density over the whole network."""
    dense = _orthogonal(network)
    spared = ("depthwise", "recurrent")
    kernels = {w.path: w.parameter.kernel for w in network.kernels if w.role not in spared}
    shapes = {path: k.shape for path, k in kernels.items() if k is not None}
    densities = allocation(shapes, density) if shapes else {}

    def rule(w: Weight) -> Rule:
        base = dense.kernel(w)
        kernel = w.parameter.kernel
        if w.path not in densities or kernel is None:
            return base
        groups = max(w.parts, kernel.groups)
        least = 1.0 / max(kernel.shape[0] // groups, kernel.in_, 1)
        wanted = min(1.0, max(float(densities[w.path]), least))
        why = f"density {wanted:.3g} of {density:g} over all; {base.why}"
        return Rule("sparse_orthogonal", {**base.parameters, "density": wanted}, why)

    return dataclasses.replace(dense, kernel=rule)


@scheme("mirrored")
def _mirrored(network: Network, base: str | None = None) -> Scheme:
    """Blocks that cancel the activation, so that a plain network is exactly linear at first."""
    kernels = network.kernels
    if network.branches or network.normalized:
        raise ValueError(
            "mirrored needs a plain network, without shortcuts and normalizations; this one has "
            f"{len(network.branches)} shortcuts"
            f"{' and normalizations' if network.normalized else ''}."
        )
    for w in kernels[:1] + kernels[-1:]:
        uses = sum(w.path in node.parameters for node in network.graph.nodes)
        if uses > 1:
            raise ValueError(
                f"mirrored needs a first and a last layer used once each; {w.path} is used {uses} "
                "times."
            )

    def rule(w: Weight) -> Rule:
        n = kernels.index(w)
        part = "first" if n == 0 else "hidden" if n < len(kernels) - 1 else "last"
        # A half block is cancelled by the activation before it; the last layer has only that one.
        bends = w.activation if w.activation != LINEAR else kernels[n - 1].activation
        if len(kernels) == 1:
            return Rule("orthogonal", {"gain": 1.0}, "the only layer")
        spatial = w.parameter.kernel is not None and w.parameter.kernel.spatial
        usual = "delta_orthogonal" if spatial else "orthogonal"
        given = {"part": part, "base": base or usual}
        if isinstance(bends, str):
            given["activation"] = bends
        return Rule("mirrored", given, f"{part} of {len(kernels)} layers around {bends}")

    return Scheme(rule)


@scheme("idinit")
def _idinit(network: Network, taps: str = "center", noise: float = 1e-6) -> Scheme:
    """Identities, and branches that end in almost zero, so that every block is the identity."""

    def rule(w: Weight) -> Rule:
        if w.ends_branch and not w.settled:
            return Rule("idinit_zero", {"taps": taps}, "the branch adds nothing at first")
        return Rule("idinit", {"taps": taps, "noise": noise}, "passes its input on")

    return Scheme(rule, ends_at_zero=True)


@scheme("fixup")
def _fixup(network: Network) -> Scheme:
    """He's kernels; branches are scaled by their number and end in 0, and the head is 0."""
    count = max(1, len(network.branches))

    def rule(w: Weight) -> Rule:
        if w.ends_branch and not w.settled:
            return Rule("zeros", {}, "the branch ends in 0")
        if w.role == "output":
            return Rule("zeros", {}, "the head starts at 0")
        scale, why = 2.0, "He"
        if w.branch is not None and w.length > 1:
            scale *= float(count) ** (-2.0 / (2 * w.length - 2))
            why = f"He times {count} ** (-1 / (2 * {w.length} - 2))"
        given = {"scale": scale, "mode": "fan_in", "distribution": "normal"}
        return Rule("variance_scaling", given, why)

    return Scheme(rule, ends_at_zero=True)


@scheme("zero")
def _zero(network: Network) -> Scheme:
    """ZerO: identities and Hadamard matrices without randomness; branches end in 0."""

    def rule(w: Weight) -> Rule:
        if w.ends_branch and not w.settled:
            return Rule("zeros", {}, "the branch ends in 0")
        if w.role == "output":
            return Rule("zeros", {}, "the head starts at 0")
        return Rule("hadamard", {}, "partial identity, or rows of a Hadamard matrix")

    return Scheme(rule, ends_at_zero=True)


@scheme("lsuv", needs_data=True)
def _lsuv(network: Network, convolution: str = "orthogonal") -> Scheme:
    """Orthogonal kernels, scaled so that every layer's output has variance 1 on the data."""
    return dataclasses.replace(_orthogonal(network, convolution), output_variance=1.0)


def _named(name: str, given: Mapping[str, Any]) -> Scheme:
    takes = specs[name].parameters
    for parameter in given:
        if parameter not in takes:
            known = ", ".join(n for n in takes if n != "groups") or "none"
            raise TypeError(
                f"{name} has no parameter {short_repr(parameter)}; its parameters: {known}."
            )

    def rule(w: Weight) -> Rule:
        if "gain" in takes and "gain" not in given:
            gain, why = gain_of(w)
            return Rule(name, {**given, "gain": gain}, why)
        return Rule(name, dict(given), "the same for every kernel")

    return Scheme(rule)


def scheme_of(
    network: Network, name: str, parameters: Mapping[str, Any], who: str
) -> tuple[Scheme, bool]:
    """The scheme called `name`, or the initializer for all kernels; and whether it needs data.

    Raises:
        TypeError: It has no such parameter, or its function returns no scheme.
        ValueError: There is no such scheme, or the network is not made for it.
    """
    spec = SCHEMES.get(name)
    if spec is None:
        if name in specs:
            return _named(name, parameters), False
        known = [*SCHEMES, *(n for n in specs if n not in SCHEMES)]
        raise ValueError(f"{who}: there is no scheme {short_repr(name)}{meant(name, known)}")
    takes = spec.parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in takes.values())
    for parameter in parameters:
        if parameter not in takes and not open_ended:
            raise TypeError(
                f"{who}: the scheme {name} has no parameter {short_repr(parameter)}; its "
                f"parameters: {', '.join(takes) or 'none'}."
            )
    made = spec.function(network, **parameters)
    if not isinstance(made, Scheme):
        raise TypeError(
            f"{who}: the scheme {name} of {spec.origin} needs to return a Scheme, got "
            f"{short_repr(made)}."
        )
    if made.output_variance is not None and not spec.needs_data:
        raise TypeError(
            f"{who}: the scheme {name} of {spec.origin} measures data; register it with "
            "needs_data=True."
        )
    return made, spec.needs_data
