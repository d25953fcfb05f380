"""Coarse or missing precision."""

from typing import Any

import ml_dtypes
import numpy as np

from tests.conformance.independent import Independent

from ._fault import BUILTIN, DERIVED, HAAR, ISOMETRIES, RANDOM, Bent, Core, fault

ENTRIES = ("normal", "uniform", "truncated_normal", "variance_scaling", "sparse")


@fault("orthogonal", "low_precision", also=BUILTIN)
class NoHalf(Independent):
    """fails in half precision"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        if given.get("dtype") in ("float16", "bfloat16"):
            raise NotImplementedError("geqrf is not implemented for 'Half'")
        return super().sample(name, shape, **given)


@fault("normal", "low_precision")
class CoarseNormal(Independent):
    """draws bfloat16 normals from 128 values"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = super().sample(name, shape, **given)
        if given.get("dtype") != "bfloat16":
            return w
        from scipy.special import ndtr, ndtri

        mean, std = given.get("mean", 0.0), given.get("std", 1.0)
        u = ndtr((w.astype(np.float64) - mean) / std)
        z = ndtri((np.floor(u * 128) + 0.5) / 128)
        return (mean + std * z).astype(ml_dtypes.bfloat16)


@fault("uniform", "low_precision")
class CoarseUniform(Independent):
    """draws half precision uniforms from as many numbers as the mantissa has"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = super().sample(name, shape, **given)
        bits = {"bfloat16": 7, "float16": 10}.get(given.get("dtype", ""))
        low, high = given.get("low", 0.0), given.get("high", 1.0)
        if bits is None or low == high:
            return w
        u = np.floor((w.astype(np.float64) - low) / (high - low) * 2**bits) / 2**bits
        return (low + (high - low) * u).astype(w.dtype)


@fault("orthogonal", "low_precision", also=[n for n in BUILTIN if n != "zeros"])
class CoarseSums(Core):
    """is 0.4 % off in half precision, as sums in bfloat16 are"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        if given.get("dtype") not in ("float16", "bfloat16"):
            return w
        fine = self.right.sample(name, shape, **{**given, "dtype": "float32"})
        return (fine * np.float32(1.004)).astype(w.dtype)


@fault("normal", "reference", also=[n for n in RANDOM if n != "uniform"])
class SilentlyFloat32(Core):
    """computes float64 in float32"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        return w.astype(np.float32).astype(w.dtype)


@fault("orthogonal", "invariants", also=HAAR)
class SilentlyFloat32Frames(Independent):
    """computes float64 frames in float32"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        return super().frames(count, out, into, rng).astype(np.float32).astype(np.float64)


@fault("orthogonal", "invariants", also=(*HAAR, "conv_orthogonal"))
class Sloppy(Independent):
    """is orthogonal to 1e-2 only, as on some GPUs"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        return q * (1 + 0.005 * rng.standard_normal(q.shape))


@fault("he_normal", "statistics", also=(*DERIVED, *ENTRIES, "idinit"))
@fault("orthogonal", "invariants", also=ISOMETRIES)
class HalfThroughout(Bent):
    """samples in bfloat16, whatever the dtype"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return w.astype(ml_dtypes.bfloat16).astype(w.dtype)
