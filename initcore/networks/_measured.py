"""What data-dependent schemes compute from measurements."""

import math

__all__ = ["unit_variance_scale"]


def unit_variance_scale(path: str, variance: float) -> float:
    """The factor that takes a layer's output from `variance` to 1.

    Raises:
        ValueError: The variance is 0 or not finite.
    """
    if not (math.isfinite(variance) and variance > 0):
        raise ValueError(
            f"lsuv: the output of {path} has variance {variance:g} on this data, which no factor "
            "takes to 1; the model is unchanged."
        )
    return 1 / math.sqrt(variance)
