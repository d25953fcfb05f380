"""How near to orthogonal each layer of a network is."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..networks import TracedModel, describe_network
from ..reports import ByPath, progress, ranges
from ..spec import CORE, Integer, Kernel, Spec
from ._figures import orthogonality_figure

__all__ = ["LayerSpectrum", "Orthogonality", "orthogonality", "singular_values"]

PIXELS = Integer("pixels a side of the images", low=1)


def singular_values(w: Any, groups: int = 1, image: int | None = None) -> Any:
    """All singular values of a layer's linear map, sorted, of a canonical kernel.

    A convolution is taken with circular padding and stride 1 on images of `image` pixels a side (by
    default the least that holds the kernel): one matrix `(out, in)` for each Fourier frequency.

    Args:
        w: Kernel `(out, in, *spatial)`.
        groups: Independent kernels stacked along the outputs.
        image: Pixels a side of the images.
    """
    kernel = Kernel(tuple(w.shape), groups)
    w = np.asarray(w)
    w = w.astype(np.result_type(w.dtype, np.float64)).reshape(groups, kernel.out, *w.shape[1:])
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


class Orthogonality(ByPath[LayerSpectrum]):
    """The singular values of every layer, by path.

    Attributes:
        layers: One `LayerSpectrum` for each kernel.
    """

    HEAD = ("layer", "shape", "role", "smallest", "median", "largest", "spread")

    def __init__(self, layers: list[LayerSpectrum]) -> None:
        super().__init__((layer.path, layer) for layer in layers)

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

    def figure(self) -> Any:
        """A matplotlib figure: each layer's singular values."""
        return orthogonality_figure(self)

    def pictures(self) -> str:
        """The range of each layer's singular values, for a page."""
        ends = [(float(v.values[0]), float(np.median(v.values)), float(v.values[-1]))
                for v in self.values()]  # fmt: skip
        return ranges(ends, "Singular values of each layer", "layer")

    def records(self) -> list[dict[str, Any]]:
        """Path, shape, role, smallest, median and largest singular value, spread."""
        return [
            {"path": path, "shape": one.shape, "role": one.role,
             "smallest": float(one.values[0]), "median": float(np.median(one.values)),
             "largest": float(one.values[-1]), "spread": one.spread}
            for path, one in self.items()
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {"layers": {path: {"shape": list(one.shape), "role": one.role,
                                  "values": [float(v) for v in one.values]}
                           for path, one in self.items()}}  # fmt: skip


def orthogonality(model: TracedModel[Any], image: int | None) -> Orthogonality:
    """The singular values of every kernel; stacked kernels and groups are taken one by one.

    Args:
        model: The user's model, as its adapter shows it.
        image: As of `singular_values`.

    Raises:
        TypeError, ValueError: `image` is no number of pixels, or the model cannot be traced.
    """
    if image is not None:
        image = Spec.check_parameter("orthogonality", "image", PIXELS, image, CORE)
    layers = []
    for w in progress(describe_network(model.graph).kernels, "singular values"):
        layout, values = w.parameter.layout, model.values(w.path)
        if layout is None or values is None:
            continue
        groups = max(layout.kernel(w.parameter.shape).groups, w.parts)
        canonical = layout.to_canonical(np.asarray(values), xp=np)
        found = singular_values(canonical, groups, image)
        layers.append(LayerSpectrum(w.path, w.parameter.shape, w.role, found))
    return Orthogonality(layers)
