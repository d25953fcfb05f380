"""What measurements along a network mean: where signals or gradients change their size.

Layers of different widths, strides and poolings have different mean squares by design. Those of one
role and size are compared with each other, along the depth, those that end a residual branch apart
from others; the layers of a plain network, of whatever width, by squared norms, which widths do not
change.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Change", "changes", "cure", "judged", "worst"]

PLAIN = ("first", "hidden", "output", "skip_projection", "transposed", "grouped")
STAGED = (*PLAIN, "depthwise", "branch_last")
WITHIN = 50.0  # of a mean square, among layers of one role and size
# Stages of a network with batch normalizations are of one size by chance, and every normalization
# adds to the gradient: a ResNet-50 trains well with 1e3.
STAGES = 1e4
ACROSS = 1e6  # of a squared norm, from one end of a network to the other
SAME = 0.999  # mean cosine of signals that tell inputs apart no more
FEW = 4  # elements whose cosine is as large by chance; one of one element is always 1
DEVIATIONS = 5.0  # of a fraction of units, false alarm 3e-7
PRODUCT = "gradient times the signal"


@dataclass(frozen=True)
class Change:
    """How a mean square or a squared norm changes along a network.

    Attributes:
        what: `"signal"`, `"gradient"` or `"gradient times the signal"`.
        ratio: Of the last value to the first one, in the order in which it is computed.
        path, reference: The layers of the two values.
        allowed: Largest ratio, or smallest inverse one, of a healthy network.
        size: What is compared: `"mean square"`, or `"squared norm"` of layers of other widths.
    """

    what: str
    ratio: float
    path: str
    reference: str
    allowed: float
    size: str = "mean square"

    @property
    def severity(self) -> float:
        """Logarithm of the change, 1 at what is allowed."""
        if not (math.isfinite(self.ratio) and self.ratio > 0):
            return math.inf
        return abs(math.log(self.ratio)) / math.log(self.allowed)

    @property
    def sentence(self) -> str:
        """A clause such as `the signal explodes`, with the size of the change and the layers."""
        verb = "explodes" if self.ratio > 1 else "vanishes"
        return (
            f"the {self.what} {verb}: {self.ratio:.1e} times as large at {self.path} as at "
            f"{self.reference}"
        )


def changes(layers: Sequence[Any], what: str) -> list[Change]:
    """The largest change in every group of equal role and size, and across the whole network."""
    ordered = list(layers) if what == "signal" else list(layers)[::-1]
    # A branch that starts at 0 by design hands no gradient back yet: that is no vanishing. A
    # normalization of a signal of 0 blows its gradient up: that is no explosion.
    known = [
        one
        for one in ordered
        if not one.opening and (getattr(one, what) or 0.0) > 0 and one.signal > 0
    ]
    groups: dict[Any, list[Any]] = {}
    for one in known:
        role = "plain" if one.role in PLAIN else one.role
        groups.setdefault((role, one.size, one.ends), []).append(one)
    found = []
    for group in groups.values():
        first, *rest = group
        for one in rest:
            ratio = getattr(one, what) / getattr(first, what)
            loose = what == "gradient" and one.normalized and one.role in STAGED
            allowed = max(STAGES if loose else WITHIN, _spread(one.size))
            change = Change(what, ratio, one.path, first.path, allowed)
            found.append(_scale_free(change, one, first))
    plain = [one for one in known if one.role in PLAIN and not one.normalized]
    if plain:
        first, *rest = plain
        for one in rest:
            ratio = getattr(one, what) * one.size / (getattr(first, what) * first.size)
            found.append(Change(what, ratio, one.path, first.path, ACROSS, "squared norm"))
    return found


def _spread(size: int) -> float:
    """Ratio of two mean squares of so many normal numbers that chance alone exceeds at 1e-6."""
    from scipy.special import fdtri

    return float(fdtri(size, size, 1 - 1e-6)) if size else math.inf


def _scale_free(change: Change, one: Any, first: Any) -> Change:
    """A gradient's change without what a signal of another scale makes of it.

    In front of a normalization a signal `c` times as large has a gradient `1 / c` times as large,
    and nothing else changes; the product of the two is free of that.
    """
    if change.what == "signal" or not (one.normalized and one.signal > 0 and first.signal > 0):
        return change
    both = replace(change, what=PRODUCT, ratio=change.ratio * (one.signal / first.signal))
    return both if both.severity < change.severity else change


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
    dead = [one for one in layers if one.dead is not None and one.dead > _by_chance(one, inputs)]
    if dead:
        found.append(f"{dead[0].dead:.0%} of the units are dead at {dead[0].path}")
    compared = [one for one in layers if one.fed and one.size >= FEW]
    same = [one.correlation > SAME for one in compared]
    if inputs > 1 and True in same and not same[0]:  # the inputs were not the same already
        at = compared[same.index(True)]
        found.append(f"different inputs become the same at {at.path}")
    return found


def _by_chance(one: Any, inputs: int) -> float:
    """Fraction of dead units above which more than half of them are, on more inputs.

    A healthy unit is off at all of `n` inputs with probability `2**-n`.
    """
    p = 0.5 ** max(inputs, 1)
    return float(max(0.5, p + DEVIATIONS * math.sqrt(p * (1 - p) / max(one.size, 1))))


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
