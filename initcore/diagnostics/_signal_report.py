"""What was measured of signals and gradients, layer by layer, and what it says."""

from dataclasses import dataclass
from typing import Any

from ..reports import ByPath
from ._figures import signal_chart, signal_figure
from ._judgement import Change, cure, judged, worst

__all__ = ["LayerSignal", "SignalReport"]


@dataclass(frozen=True)
class LayerSignal:
    """What was measured at the output of one layer, before its activation.

    Attributes:
        path, role: Of its kernel.
        signal: Mean square of an element.
        predicted: The mean square that mean-field theory predicts, in a plain network.
        gradient: Mean square of the gradient there, of a random linear function of the outputs
            with coefficients of variance 1.
        dead: Fraction of units whose activation has slope 0 at every input; None where a
            normalization may stand between.
        correlation: Mean cosine between the signals of two different inputs.
        rank: Effective rank of the signals, `exp` of the entropy of their normalized squared
            singular values (Roy & Vetterli, 2007); at most the number of inputs.
        size: Elements that one input has there.
        opening: Whether every way to the outputs is by residual branches that add nothing yet, by
            design.
        fed: Whether it depends on the inputs; a signal that begins at a weight need not.
        normalized: Whether the network has a normalization every few layers.
        ends: Whether it ends a residual branch, one of many that add up.
    """

    path: str
    role: str
    signal: float
    predicted: float | None
    gradient: float | None
    dead: float | None
    correlation: float
    rank: float
    size: int = 1
    opening: bool = False
    fed: bool = True
    normalized: bool = False
    ends: bool = False


class SignalReport(ByPath[LayerSignal]):
    """Measurements at every layer, by path, and what to make of them.

    `unseen` are the kernels whose layers could not be watched: inside of loops, say.

    Attributes:
        layers: One `LayerSignal` for each kernel that was seen.
        model: Name of the model.
        inputs: Number of examples in the batch.
        unseen: Paths of the kernels that were not seen.
    """

    HEAD = ("layer", "role", "signal", "predicted", "gradient", "dead", "correlation", "rank")
    SAID = (
        "the kernel whose output is measured", "what the weight is for",
        "mean square of an element", "mean square that mean-field theory predicts",
        "mean square of the gradient there", "units whose activation has slope 0 at every input",
        "mean cosine of different inputs", "effective rank of the signals",
    )  # fmt: skip

    def __init__(
        self, layers: list[LayerSignal], model: str, inputs: int, unseen: tuple[str, ...] = ()
    ) -> None:
        super().__init__((layer.path, layer) for layer in layers)
        self.model, self.inputs, self.unseen = model, inputs, unseen

    @property
    def verdict(self) -> list[str]:
        """Where the signal or the gradient explodes, vanishes, dies or collapses; empty if well."""
        return judged(list(self.values()), self.inputs)

    @property
    def worst(self) -> Change | None:
        """The largest change of a signal or a gradient along the network; None for one layer."""
        return worst(list(self.values()))

    def rows(self) -> list[tuple[str, ...]]:
        """As text, a row a layer."""
        return [
            (
                one.path,
                one.role,
                f"{one.signal:.4g}",
                "" if one.predicted is None else f"{one.predicted:.4g}",
                "" if one.gradient is None else f"{one.gradient:.4g}",
                "" if one.dead is None else f"{one.dead:.0%}",
                f"{one.correlation:.3f}",
                f"{one.rank:.1f}",
            )
            for one in self.values()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "model": self.model,
            "inputs": self.inputs,
            "verdict": self.verdict,
            "unseen": list(self.unseen),
            "layers": {path: vars(one) for path, one in self.items()},
        }

    @property
    def headline(self) -> str:
        """What was measured, and the verdict."""
        verdict, blind = self.verdict, not any(x.gradient is not None for x in self.values())
        if verdict:
            advice = cure(verdict)
            told = f"{'; '.join(verdict)}{'; ' if advice else ''}{advice}"
        else:
            whole = "signals" if blind else "signals and gradients"
            whole = whole if not self.unseen else "the layers that were seen"
            told, change = f"{whole} keep their size", self.worst
            if change is not None:
                told += (
                    f" (largest change: the {change.size} of the {change.what}, "
                    f"{change.ratio:.2g} times from {change.reference} to {change.path})"
                )
        if self and blind:
            told += "; gradients not checked (there are no derivatives here)"
        if self.unseen:
            shown = ", ".join(self.unseen[:2]) + (", ..." if len(self.unseen) > 2 else "")
            told += f"; not seen, for they run inside of loops or other layers: {shown}"
        return f"{self.model}, {self.inputs} inputs: {told}."

    def figure(self) -> Any:
        """A matplotlib figure: mean squares along the layers."""
        return signal_figure(self)

    def pictures(self) -> str:
        """Signal and gradient by depth, for a page."""
        return signal_chart(self)
