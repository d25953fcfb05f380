"""What the docstrings of the diagnostics say in every adapter."""

from ..networks import Description

__all__ = ["JACOBIAN_SPECTRUM", "ORTHOGONALITY", "SIGNAL_REPORT"]

MODEL_ERRORS = {
    "TypeError": "An argument is wrong, or the model has no floating-point output.",
    "ValueError": "The model does not take the inputs, or a number is out of range.",
}

SIGNAL_REPORT = Description(
    "The model runs in evaluation mode, forward and backward, and stays as it is.",
    {"seed": "Of the random linear function of the outputs whose gradient is taken."},
    MODEL_ERRORS,
)

JACOBIAN_SPECTRUM = Description(
    "All of them where the smaller side has at most 2048; otherwise their distribution by "
    "stochastic Lanczos quadrature, from `2 * probes * steps` products with the Jacobian. Inputs "
    "that are integers are looked up first: the Jacobian is by the embedding's result. The model "
    "runs in evaluation mode and stays unchanged.",
    {
        "probes": "Number of random vectors; the error bars come from them.",
        "steps": "Products with each of them.",
        "seed": "Of the random vectors.",
    },
    {**MODEL_ERRORS, "ValueError": "The model does not take the inputs, its output does not depend "
     "on them, or a number is out of range."},
)  # fmt: skip

ORTHOGONALITY = Description(
    "Of its matrix, or of a convolution on images with circular padding.",
    {"image": "Pixels a side of the images; by default the least that holds the kernel."},
)
