"""The rule of one weight in a scheme, and the rules that all schemes share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..activations import activation_of, gain
from ..arguments import short_repr
from .roles import LINEAR, Weight

__all__ = [
    "KEEP", "OWN_SCALE", "Asked", "AskedScheme", "Overrides", "Rule", "Scheme", "common", "gain_of",
    "rule_of",
]  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """An initializer's name, parameters and reason. Without a name the weight is left alone.

    Attributes:
        name: Name of an initializer, or None.
        parameters: Parameters of the initializer.
        why: Reason, for reports.
    """

    name: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


Asked = str | tuple[str, Mapping[str, Any]] | Mapping[str, Any] | Rule | None
"""What a user asks for: an initializer by name, `(name, parameters)`, or None for none."""
Overrides = Mapping[str, Asked]
"""From patterns of paths and from roles to initializers, or to None."""
AskedScheme = Asked | Overrides | Callable[[Weight], Asked]
"""A scheme by name, `(name, parameters)`, a mapping, or a function of a weight."""


@dataclass(frozen=True)
class Scheme:
    """A scheme: the rule of every kernel, and its differences from the common rules.

    Attributes:
        kernel: The rule of a weight that multiplies the signal.
        bias_std: Standard deviation of the biases.
        ends_at_zero: Whether residual branches add nothing at first. If a normalization follows a
            branch's last kernel, its scale starts at 0, and the kernel does not.
        branch_scale: Scale of such a normalization otherwise, with its reason; None for 1.
        output_variance: The variance of each layer's output on the sample input, by a factor on its
            kernel; None to measure nothing. Such a scheme is registered with `needs_data`.
    """

    kernel: Callable[[Weight], Rule]
    bias_std: float = 0.0
    output_variance: float | None = None
    ends_at_zero: bool = False
    branch_scale: tuple[float, str] | None = None

    def __call__(self, w: Weight) -> Rule:
        found = common(w)
        if found is None:
            return self.kernel(w)
        if w.parameter.kind == "scale" and w.ends_branch and self.ends_at_zero:
            return Rule("zeros", {}, "the branch ends in 0")
        if w.parameter.kind == "scale" and w.ends_branch and self.branch_scale:
            value, why = self.branch_scale
            return Rule("constant", {"value": value}, why)
        if w.parameter.kind == "bias" and self.bias_std:
            return Rule("normal", {"std": self.bias_std}, "critical, as the kernels' gain")
        return found


OWN_SCALE = ("recurrent", "gate", "router", "time_step", "modulation")
"""Roles whose output is not a signal before an activation."""

KEEP = Rule(None, {}, "left alone as asked")


def common(w: Weight) -> Rule | None:
    """The rule of a weight that is not a kernel, the same in every scheme; None for a kernel."""
    kind, shape = w.parameter.kind, w.parameter.shape
    if kind in ("kernel", "recurrent") and w.role != "other":
        return None
    if kind in ("bias", "shift"):
        return Rule("zeros", {}, "starts at 0")
    if kind == "scale":
        return Rule("ones", {}, "a normalization starts with scale 1")
    if kind in ("embedding", "position", "latent"):
        std = shape[-1] ** -0.5 if shape and shape[-1] else 1.0
        return Rule("normal", {"std": std}, "rows of length 1 on average")
    reasons = {
        "multiplier": "a multiplier belongs to the architecture",
        "derived": f"the weight is {w.parameter.note or 'used through a function of it'}",
    }
    return Rule(None, {}, reasons.get(kind, w.why or w.parameter.note or "of unknown use"))


def gain_of(w: Weight) -> tuple[float, str]:
    """The gain of the activation that follows, and the reason for it."""
    if w.role in OWN_SCALE:
        return 1.0, f"gain 1 for the role {w.role}"
    if w.activation == LINEAR:
        return 1.0, "no activation follows"
    if _is_exponential(w.activation):
        return 1.0, "its exponential is a scale"
    try:
        found = gain(w.activation)
    except ValueError:  # a function that is 0 almost everywhere has no gain
        return 1.0, f"{w.activation_name} has no gain"
    return found, f"gain of {w.activation_name}"


def _is_exponential(phi: Any) -> bool:
    """Whether a function is `c exp(k x)`, which turns a logarithm into a standard deviation."""
    try:
        with np.errstate(all="ignore"):
            y = activation_of(phi).value(np.array([-1.0, 0.0, 1.0, 2.0]))
    except (TypeError, ValueError):
        return False
    ratios = y[1:] / y[:-1] if (y > 0).all() else np.ones(3)
    return bool(np.allclose(ratios, ratios[0], rtol=1e-5) and abs(ratios[0] - 1) > 1e-3)


def rule_of(given: Any, who: str = "initialize") -> Rule:
    """The rule of a user's name, `(name, parameters)`, mapping with `"name"`, or None."""
    if given is None:
        return KEEP
    if isinstance(given, Rule):
        return given
    if isinstance(given, str):
        return Rule(given, {}, "as asked")
    if isinstance(given, Mapping) and isinstance(given.get("name"), str):
        rest = {k: v for k, v in given.items() if k != "name"}
        return Rule(given["name"], rest, "as asked")
    pair = isinstance(given, tuple) and len(given) == 2
    if pair and isinstance(given[0], str) and isinstance(given[1], Mapping):
        return Rule(given[0], dict(given[1]), "as asked")
    raise TypeError(
        f"{who} needs an initializer's name, a pair (name, parameters) or None, "
        f"got {short_repr(given)}."
    )
