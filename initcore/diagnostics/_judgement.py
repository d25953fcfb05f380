"""What measurements along a network mean: where signals or gradients change their size.

Layers of different widths, strides and poolings have different mean squares by design. Those of one
role and size are compared with each other, along the depth; the layers
of a plain network, of whatever width, by squared norms, which widths do not change.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Change", "changes", "cure", "judged", "worst"]

WITHIN = 50.0  # of a mean square, among layers of one role and size
ACROSS = 1e6  # of a squared norm, from one end of a network to the other
PLAIN = ("first", "hidden", "output", "skip_projection", "transposed", "grouped")


@dataclass(frozen=True)
class Change:
    """How a mean square or a squared norm changes along a network.

    Attributes:
        what: `"signal"` or `"gradient"`.
        ratio: Of the last value to the first one, in the order in which it is computed.
        path, reference: The layers of the two values.
        allowed: Largest ratio, or smallest inverse one, of a healthy network.
    """

    what: str
    ratio: float
    path: str
    reference: str
    allowed: float

    @property
    def severity(self) -> float:
        """Logarithm of the change, 1 at what is allowed."""
        if not (math.isfinite(self.ratio) and self.ratio > 0):
            return math.inf
        return abs(math.log(self.ratio)) / math.log(self.allowed)

    @property
    def sentence(self) -> str:
        """`the signal explodes: 1.0e+05 times as large at b as at a`."""
        verb = "explodes" if self.ratio > 1 else "vanishes"
        return (
            f"the {self.what} {verb}: {self.ratio:.1e} times as large at {self.path} as at "
            f"{self.reference}"
        )


def changes(layers: Sequence[Any], what: str) -> list[Change]:
    """The largest change in every group of equal role and size, and across the whole network."""
    ordered = list(layers) if what == "signal" else list(layers)[::-1]
    # A branch that starts at 0 by design hands no gradient back yet: that is no vanishing.
    known = [one for one in ordered if not one.opening and (getattr(one, what) or 0.0) > 0]
    groups: dict[Any, list[Any]] = {}
    for one in known:
        role = "plain" if one.role in PLAIN else one.role
        groups.setdefault((role, one.size), []).append(one)
    found = []
    for group in groups.values():
        first, *rest = group
        for one in rest:
            ratio = getattr(one, what) / getattr(first, what)
            found.append(Change(what, ratio, one.path, first.path, WITHIN))
    plain = [one for one in known if one.role in PLAIN]
    if plain:
        first, *rest = plain
        for one in rest:
            ratio = getattr(one, what) * one.size / (getattr(first, what) * first.size)
            found.append(Change(what, ratio, one.path, first.path, ACROSS))
    return found


def worst(layers: Sequence[Any]) -> Change | None:
    """The change that is nearest to what is allowed, or furthest beyond it."""
    found = [c for what in ("signal", "gradient") for c in changes(layers, what)]
    return max(found, key=lambda c: c.severity, default=None)


def judged(layers: Sequence[Any], inputs: int) -> list[str]:
    """Where the signal or the gradient explodes, vanishes, dies or collapses; empty if well."""
    found = []
    for what in ("signal", "gradient"):
        values = [(one.path, getattr(one, what)) for one in layers]
        broken = [path for path, v in values if v is not None and not math.isfinite(v)]
        if broken:
            found.append(f"the {what} is not finite at {broken[0 if what == 'signal' else -1]}")
            continue
        beyond = [c for c in changes(layers, what) if c.severity > 1]
        if beyond:
            found.append(max(beyond, key=lambda c: c.severity).sentence)
        inner = [getattr(one, what) for one in layers[1:-1] if not one.opening]
        if what == "signal" and inner and not any(inner):
            found.append(f"there is no signal behind {values[0][0]}")
    dead = [one for one in layers if one.dead is not None and one.dead > 0.5]
    if dead:
        found.append(f"{dead[0].dead:.0%} of the units are dead at {dead[0].path}")
    same = [one for one in layers if one.correlation > 0.999 and inputs > 1]
    if same:
        found.append(f"different inputs become the same at {same[0].path}")
    return found


def cure(verdict: Sequence[str]) -> str:
    """What to try, a sentence; empty if all is well."""
    said = " ".join(verdict)
    if "not finite" in said:
        return "look for uninitialized weights and buffers (report.not_finite) first"
    if "explodes" in said or "vanishes" in said:
        return (
            'try initialize(model, "orthogonal"), "mirrored" for a deep plain network of ReLU-like '
            "activations, or a normalization"
        )
    if "no signal" in said:
        return "a layer that starts at 0 blocks the way; give it, or a shortcut around it, a value"
    if "dead" in said:
        return "try smaller biases, inputs of mean 0, or an activation that leaks"
    if "the same" in said:
        return 'orthogonal kernels with a critical gain keep inputs apart: scheme "orthogonal"'
    return ""
