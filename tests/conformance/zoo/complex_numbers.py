"""Mistakes with complex numbers."""

from typing import Any

import numpy as np

from initcore.spec import Kernel

from ._fault import Bent, Core, fault

ENTRIES = ("he_normal", "he_uniform", "variance_scaling")


class BentComplex(Bent):
    """The right kernel, of complex dtypes bent."""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        if "complex" not in str(given.get("dtype")):
            return self.right.sample(name, shape, **given)
        return super().sample(name, shape, **given)


@fault("orthogonal", "complex", also=("delta_orthogonal", "conv_orthogonal"))
@fault("normal", "complex", also=("uniform", *ENTRIES))
class RealNumbers(Core):
    """draws real kernels of complex dtype"""

    def __init__(self) -> None:
        super().__init__()
        self.portable = False

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        dtype = str(given.get("dtype", "float32"))
        real = {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
        return self.right.sample(name, shape, **{**given, "dtype": real}).astype(
            self.right.sample(name, shape, **given).dtype
        )


@fault("normal", "complex", also=("sparse", *ENTRIES))
class WholeVarianceEach(BentComplex):
    """gives each part the whole variance"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return (w * 2**0.5).astype(w.dtype)


@fault("normal", "complex", also=("uniform", *ENTRIES))
class OneDrawForBoth(BentComplex):
    """takes one draw for both parts"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return (w.real * (1 + 1j)).astype(w.dtype)


@fault("he_uniform", "complex")
class OnASquare(BentComplex):
    """draws both parts from an interval, for a disk"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        rng = np.random.default_rng(given["seed"])
        std = np.sqrt(2.0 / np.prod(w.shape[1:]) * 1.5)
        return (std * (rng.uniform(-1, 1, w.shape) + 1j * rng.uniform(-1, 1, w.shape))).astype(
            w.dtype
        )


@fault("orthogonal", "complex")
class PhasesOfLapack(BentComplex):
    """leaves the phases of the frame to LAPACK"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        count, rows, columns = Kernel(w.shape, given.get("groups", 1)).matrices
        rng = np.random.default_rng(given["seed"])
        tall = (count, max(rows, columns), min(rows, columns))
        q = np.linalg.qr(rng.standard_normal(tall) + 1j * rng.standard_normal(tall))[0]
        q = q if rows >= columns else q.swapaxes(-1, -2)
        return (given.get("gain", 1.0) * q).reshape(w.shape).astype(w.dtype)


@fault("orthogonal", "complex", also=("scaled_orthogonal", "delta_orthogonal"))
class TransposedNotConjugate(BentComplex):
    """makes W W^T, not W W^H, the identity"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return (w.real * 1.5 + 1j * w.imag).astype(w.dtype)


@fault("orthogonal", "complex")
class OfTheWrongDtype(Core):
    """makes complex64 whatever is asked for"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        return w.astype(np.complex64) if np.iscomplexobj(w) else w


@fault("normal", "complex", also=("orthogonal", "uniform"))
class KeysOfItsOwn(Core):
    """claims the portable stream, and draws other complex numbers"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        return w.conj() if np.iscomplexobj(w) else w
