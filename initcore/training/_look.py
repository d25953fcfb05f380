"""What was seen in one step of training."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

__all__ = ["Look"]

# A least value of what vanishes, a largest value of what explodes.
ENDS = {
    "signal": (min, max), "gradient": (min, max), "dead": (max,),
    "singular_value": (max,), "spread": (max,),
}  # fmt: skip
NAMES = {min: "least", max: "largest"}


@dataclass(frozen=True)
class Look:
    """Numbers of every layer in one step, by the paths of the kernels.

    Attributes:
        step: Number of the step, from 0.
        signal: Mean square of the layer's output.
        gradient: Mean square of the loss's gradient there.
        dead: Share of units none of whose weights has a gradient.
        singular_value: Largest one of the kernel's matrix `(out, in)`, from below.
        spread: The same over the root mean square of all of them: 1 if it is orthogonal.
    """

    step: int
    signal: Mapping[str, float] = field(default_factory=dict)
    gradient: Mapping[str, float] = field(default_factory=dict)
    dead: Mapping[str, float] = field(default_factory=dict)
    singular_value: Mapping[str, float] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)

    def numbers(self, *, layers: bool = True) -> dict[str, float]:
        """As a logger takes them: names of letters, digits and `_ . / -`, and floats.

        Args:
            layers: Whether every layer has numbers of its own, beside the extreme ones.

        >>> look = Look(0, signal={"a": 1.0, "b[0]": 4.0})
        >>> look.numbers(layers=False)
        {'initcore/signal_least': 1.0, 'initcore/signal_largest': 4.0}
        >>> look.numbers()["initcore_signal/b_0_"]
        4.0
        """
        found = {}
        for what, ends in ENDS.items():
            values = getattr(self, what)
            known = [v for v in values.values() if math.isfinite(v)]
            for end in ends if known else ():
                found[f"initcore/{what}_{NAMES[end]}"] = end(known)
            if layers:
                found |= {f"initcore_{what}/{_plain(path)}": v for path, v in values.items()}
        return found

    @property
    def not_finite(self) -> tuple[str, str] | None:
        """`(path, what)` of the first signal, or else the last gradient, that is not finite.

        >>> Look(3, signal={"a": 1.0, "b": float("nan")}).not_finite
        ('b', 'signal')
        """
        for what in ("signal", "gradient"):
            values = getattr(self, what)
            broken = [path for path, v in values.items() if not math.isfinite(v)]
            if broken:
                return (broken[0] if what == "signal" else broken[-1]), what
        return None

    def __bool__(self) -> bool:
        """Whether anything was seen."""
        return any(getattr(self, f.name) for f in fields(self) if f.name != "step")


def _plain(path: str) -> str:
    return re.sub(r"[^\w./-]", "_", path)
