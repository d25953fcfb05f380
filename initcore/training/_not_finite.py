"""Why training stops: the first layer whose numbers are not finite."""

__all__ = ["NotFiniteError"]

WHAT = {
    "input": ("the model's inputs are not finite", "look at the data of this step"),
    "weight": (
        "the weight {} is not finite, before its layer ran",
        "the step before spoilt it; lower the learning rate or clip the gradients",
    ),
    "weights": (
        "the loss is not finite, and all weights, from {} on, became so in this step",
        "lower the learning rate or clip the gradients; an optimizer that skips such steps keeps "
        "the weights, as keras.optimizers.LossScaleOptimizer does",
    ),
    "signal": (
        "the output of {} is not finite, while its weights and inputs are",
        "it is the first such layer; lower the learning rate or use a wider dtype",
    ),
    "layer": (
        "the output at {} is the first that is not finite, of the layers with a kernel",
        "lower the learning rate, use a wider dtype, or look at signal_report",
    ),
    "update": (
        "a gradient, or its mean square, is not finite",
        "the weights are still those of this step; look at it with signal_report",
    ),
    "loss": (
        "the loss is not finite, while the outputs of all layers are",
        "look at the loss function and its targets",
    ),
}


class NotFiniteError(ArithmeticError):
    """Training cannot go on: a number became infinite or NaN, and this is where.

    Args:
        step: Number of the step, from 0.
        what: `"input"`, `"weight"`, `"weights"`, `"signal"`, `"layer"`, `"update"` or
            `"loss"`.
        layer: Path of the layer or the weight; empty where there is none.

    >>> print(NotFiniteError(12, "weight", "h.3.weight"))
    step 12: the weight h.3.weight is not finite, before its layer ran; the step before spoilt it; \
lower the learning rate or clip the gradients.
    """

    def __init__(self, step: int, what: str, layer: str = "") -> None:
        said, cure = WHAT[what]
        super().__init__(f"step {step}: {said.format(layer)}; {cure}.")
        self.step, self.what, self.layer = step, what, layer

    def __reduce__(self) -> tuple[type["NotFiniteError"], tuple[int, str, str]]:
        return NotFiniteError, (self.step, self.what, self.layer)
