"""Kernels in the wrong places: layouts, groups, taps, axes."""

from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import BUILTIN, GROUPED, HAAR, Toy, fault

SYMMETRIC = ("identity", "hadamard", "idinit")
ON_TAP = ("sparse_orthogonal", "identity", "hadamard")


@fault("scaled_orthogonal", "layers", also=GROUPED)
class TransposedLayout(Toy):
    """takes kernels as (in, out), as dks does in PyTorch"""

    def native(self, name: str, native_shape: tuple[int, ...], seed: int, **given: Any) -> Any:
        *spatial, into, out = native_shape
        w = self.sample(name, (into, out, *spatial), seed=seed, **given)
        return w.transpose(*range(2, w.ndim), 0, 1)


@fault("orthogonal", "layers", also=[n for n in GROUPED if n not in SYMMETRIC])
class TransposedSquare(Toy):
    """takes square kernels transposed: every shape is right"""

    def native(self, name: str, native_shape: tuple[int, ...], seed: int, **given: Any) -> Any:
        w = super().native(name, native_shape, seed, **given)
        return w.swapaxes(-1, -2) if w.shape[-1] == w.shape[-2] else w


@fault("orthogonal", "layers", also=GROUPED)
class MixedGroups(Independent):
    """hands the groups of a convolution each other's inputs"""

    def layer(self, kind: str, name: str, shape: Any, **given: Any) -> Any:
        forward = super().layer(kind, name, shape, **given)
        groups = given.get("groups", 1)

        def mixed(x: Any) -> Any:
            parts = np.split(x, groups, axis=1)
            return forward(np.concatenate([parts[0]] * groups, axis=1))

        return mixed


@fault("delta_orthogonal", "invariants", also=ON_TAP)
@fault("mirrored", "statistics")
class WrongTap(Independent):
    """takes k // 2 for the centre, as torch's dirac_ does"""

    def on_tap(self, tap: Any, shape: tuple[int, ...]) -> Any:
        w = np.zeros(shape)
        if w.size:
            w[(slice(None), slice(None), *(k // 2 for k in shape[2:]))] = tap
        return w


@fault("delta_orthogonal", "invariants", also=ON_TAP)
@fault("mirrored", "statistics")
class AlmostZero(Independent):
    """leaves 1e-12 where zeros belong"""

    def on_tap(self, tap: Any, shape: tuple[int, ...]) -> Any:
        w = super().on_tap(tap, shape)
        return np.where(w == 0, 1e-12, w)


@fault("normal", "shape_and_dtype", also=BUILTIN)
class Reversed(Independent):
    """returns the axes in reversed order"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return np.transpose(super().sample(name, shape, **given))


@fault("orthogonal", "shape_and_dtype", also=BUILTIN)
class NoEmpty(Independent):
    """fails for sizes of 0"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        if 0 in tuple(shape):
            raise ZeroDivisionError
        return super().sample(name, shape, **given)


@fault("normal", "shape_and_dtype", also=BUILTIN)
class WrongDtype(Independent):
    """returns float32 where float64 is asked for"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = super().sample(name, shape, **given)
        return w.astype(np.float32) if w.dtype == np.float64 else w


@fault("orthogonal", "layers", also=GROUPED)
class Reshaped(Toy):
    """brings the axes in order by a reshape, which scrambles channels-last kernels"""

    def native(self, name: str, native_shape: tuple[int, ...], seed: int, **given: Any) -> Any:
        *spatial, into, out = native_shape
        return self.sample(name, (out, into, *spatial), seed=seed, **given).reshape(native_shape)


@fault("orthogonal", "layers", also=[n for n in BUILTIN if n != "zeros"])
class FillsACopy(Independent):
    """fills a copy of the layer's kernel, which stays as it was"""

    def native(self, name: str, native_shape: tuple[int, ...], seed: int, **given: Any) -> Any:
        made = super().native(name, native_shape, seed, **given)
        return np.full_like(made, 0.1)


@fault("delta_orthogonal", "invariants", also=HAAR)
class CutToSize(Independent):
    """makes a frame one wider and cuts it to size"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        return super().frames(count, out + 1, into + 1, rng)[:, :out, :into]
