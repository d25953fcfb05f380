"""Independent entries with a given standard deviation or interval."""

from typing import Any, ClassVar, Unpack

from ._initializer import register
from ._kernel import KernelInitializer
from ._keywords import Axes, Seed

__all__ = [
    "RandomNormal",
    "RandomUniform",
    "Sparse",
    "TruncatedNormal",
]


@register
class RandomNormal(KernelInitializer):
    """Entries are independent normal with the given mean and standard deviation."""

    core = "normal"

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None, **axes: Unpack[Axes]
    ) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed, **axes)


@register
class RandomUniform(KernelInitializer):
    """Entries are independent and uniform on `[minval, maxval)`."""

    core = "uniform"
    names: ClassVar[dict[str, str]] = {"low": "minval", "high": "maxval"}

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None, **axes: Unpack[Axes]
    ) -> None:
        self.minval, self.maxval = minval, maxval
        super().__init__(seed, **axes)
        if float(minval) > float(maxval):
            raise ValueError(f"RandomUniform needs minval <= maxval, got {minval} and {maxval}.")


@register
class TruncatedNormal(KernelInitializer):
    """Entries are independent `mean + stddev * z`, `z` standard normal given `low < z < high`.

    The default cuts are those of Keras.
    """

    core = "truncated_normal"
    usual: ClassVar[dict[str, Any]] = {**KernelInitializer.usual, "low": -2.0, "high": 2.0}

    def __init__(
        self,
        mean: float = 0.0,
        stddev: float = 0.05,
        seed: Seed = None,
        *,
        low: float = -2.0,
        high: float = 2.0,
        **axes: Unpack[Axes],
    ) -> None:
        self.mean, self.stddev, self.low, self.high = mean, stddev, low, high
        super().__init__(seed, **axes)
        if not float(low) < float(high):
            raise ValueError(f"TruncatedNormal needs low < high, got {low} and {high}.")


@register
class Sparse(KernelInitializer):
    """A fraction `sparsity` of each input's weights is 0, the others are normal of `stddev`."""

    core = "sparse"

    def __init__(self, sparsity: float, stddev: float = 0.01, seed: Seed = None) -> None:
        self.sparsity, self.stddev = sparsity, stddev
        super().__init__(seed)
