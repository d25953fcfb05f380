"""How near to orthogonal each layer of a network is."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..networks import Network, progress
from ..reports import html, text
from ..spec import Kernel
from ._figures import illustrated, orthogonality_figure

__all__ = ["LayerSpectrum", "Orthogonality", "orthogonality", "singular_values"]


def singular_values(w: Any, groups: int = 1, image: int | None = None) -> Any:
    """All singular values of a layer's linear map, sorted, of a canonical kernel in float64.

    A convolution is taken with circular padding and stride 1 on images of `image` pixels a side (by
    default the least that holds the kernel): one matrix `(out, in)` for each Fourier frequency.
    """
    kernel = Kernel(tuple(w.shape), groups)
    w = np.asarray(w, dtype=np.float64).reshape(groups, kernel.out, *w.shape[1:])
    if kernel.spatial:
        side = max(*kernel.spatial, image or 0)
        axes = tuple(range(3, w.ndim))
        f = np.fft.fftn(w, s=(side,) * len(axes), axes=axes)
        w = np.moveaxis(f, (0, 1, 2), (-3, -2, -1)).reshape(-1, kernel.out, kernel.in_)
    return np.sort(np.linalg.svd(w, compute_uv=False), axis=None)


@dataclass(frozen=True)
class LayerSpectrum:
    """Singular values of one layer.

    Attributes:
        path, shape, role: Of its kernel.
        values: Sorted.
    """

    path: str
    shape: tuple[int, ...]
    role: str
    values: Any

    @property
    def spread(self) -> float:
        """Largest over smallest singular value: 1 for an orthogonal layer."""
        low, high = float(self.values[0]), float(self.values[-1])
        return high / low if low > 0 else (math.inf if high > 0 else math.nan)


class Orthogonality(Mapping[str, LayerSpectrum]):
    """The singular values of every layer, by path."""

    def __init__(self, layers: list[LayerSpectrum]) -> None:
        self._layers = {layer.path: layer for layer in layers}

    def __getitem__(self, path: str) -> LayerSpectrum:
        return self._layers[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def rows(self) -> list[tuple[str, ...]]:
        """Path, shape, role, smallest, median and largest singular value, spread."""
        return [
            (
                path,
                " x ".join(map(str, one.shape)),
                one.role,
                f"{one.values[0]:.4g}",
                f"{np.median(one.values):.4g}",
                f"{one.values[-1]:.4g}",
                f"{one.spread:.4g}",
            )
            for path, one in self.items()
        ]

    HEAD = ("layer", "shape", "role", "smallest", "median", "largest", "spread")

    def __str__(self) -> str:
        return text(self.HEAD, self.rows())

    def figure(self) -> Any:
        """A matplotlib figure: each layer's singular values."""
        return orthogonality_figure(self)

    def _repr_html_(self) -> str:
        return illustrated(self) + html(self.HEAD, self.rows())


def orthogonality(
    network: Network, values_of: Callable[[str], Any], image: int | None = None
) -> Orthogonality:
    """The singular values of every kernel; stacked kernels and groups are taken one by one.

    Args:
        network: The traced model.
        values_of: From a path to the kernel in the framework's order; None where it has no values.
        image: As of `singular_values`.
    """
    layers = []
    for w in progress(network.kernels, "singular values"):
        layout, values = w.parameter.layout, values_of(w.path)
        if layout is None or values is None:
            continue
        groups = max(layout.kernel(w.parameter.shape).groups, w.parts)
        canonical = layout.to_canonical(np.asarray(values, dtype=np.float64), xp=np)
        found = singular_values(canonical, groups, image)
        layers.append(LayerSpectrum(w.path, w.parameter.shape, w.role, found))
    return Orthogonality(layers)
