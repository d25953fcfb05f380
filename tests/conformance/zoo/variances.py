"""Fans, cuts and deviations."""

import math
from typing import Any

import ml_dtypes
import numpy as np

from tests.conformance.independent import Independent

from ._fault import DERIVED, fault

VARIANCE = ("variance_scaling", *DERIVED)


@fault("he_normal", "statistics", also=VARIANCE)
class WrongFan(Independent):
    """divides by fan_out"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, "fan_out", groups)


@fault("glorot_uniform", "statistics", also=("glorot_normal", "variance_scaling"))
class FanOfAllGroups(Independent):
    """counts the outputs of all groups as one fan"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, mode, 1)


@fault("lecun_normal", "statistics", also=("glorot_normal", "he_normal", "variance_scaling"))
class NotCorrected(Independent):
    """cuts normals at two deviations without correcting the deviation"""

    def spread(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = super().spread(name, shape, p, rng)
        law = p.get("distribution", "truncated_normal" if name.endswith("_normal") else "")
        return w * 0.87962566 if law == "truncated_normal" else w


@fault("he_normal", "invariants", also=("lecun_normal", "glorot_normal", "variance_scaling"))
class NotCut(Independent):
    """draws normals of the right deviation and does not cut them"""

    def cut(self, rng: Any, shape: tuple[int, ...], low: float, high: float) -> Any:
        return 0.87962566 * rng.standard_normal(shape)


@fault("he_uniform", "invariants", also=("lecun_uniform", "glorot_uniform", "variance_scaling"))
class OnePercentWide(Independent):
    """draws uniforms from an interval that is 1 % too wide"""

    def spread(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = super().spread(name, shape, p, rng)
        uniform = "uniform" in (p.get("distribution"), name.split("_")[-1])
        return 1.01 * w if uniform else w


@fault("variance_scaling", "statistics")
class ScaleAsDeviation(Independent):
    """takes scale for a deviation"""

    def spread(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().spread(name, shape, {**p, "scale": p["scale"] ** 2}, rng)


@fault("truncated_normal", "invariants")
class CutsAsPlaces(Independent):
    """takes the cuts for places, not deviations, as torch's trunc_normal_ does"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        z = rng.standard_normal((*shape, 400))
        x = p["mean"] + p["std"] * z
        fits = (x > p["low"]) & (x < p["high"])
        first = fits.argmax(-1)[..., None]
        return np.clip(np.take_along_axis(x, first, -1)[..., 0], p["low"], p["high"])


@fault("uniform", "invariants")
class Beyond(Independent):
    """draws one width below the interval"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw(name, shape, p, rng) - (p["high"] - p["low"])


@fault("normal", "statistics")
class VarianceForDeviation(Independent):
    """takes std for a variance"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw(name, shape, {**p, "std": math.sqrt(p["std"])}, rng)


@fault("normal", "statistics")
class MeanForgotten(Independent):
    """forgets the mean"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw(name, shape, {**p, "mean": 0.0}, rng)


@fault("he_uniform", "statistics", also=("lecun_uniform", "glorot_uniform"))
class BoundIsDeviation(Independent):
    """takes the standard deviation for the bound of a uniform distribution"""

    def spread(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = super().spread(name, shape, p, rng)
        return w / math.sqrt(3) if name.endswith("uniform") else w


@fault("glorot_normal", "statistics", also=("glorot_uniform", "variance_scaling"))
class SumOfFans(Independent):
    """divides by the sum of the fans, not by their mean"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, mode, groups) * (2 if mode == "fan_avg" else 1)


@fault("lecun_uniform", "statistics", also=VARIANCE)
class OneWider(Independent):
    """counts one input too many"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, mode, groups) + 1


@fault("variance_scaling", "statistics")
class ArithmeticForGeometric(Independent):
    """takes the mean of the fans for their geometric mean"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, "fan_avg" if mode == "fan_geo_avg" else mode, groups)


@fault("he_normal", "statistics", also=VARIANCE)
class TapsForgotten(Independent):
    """counts channels and forgets the taps"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape[:2], mode, groups)


@fault("constant", "invariants")
class ConstantInHalf(Independent):
    """rounds the value to bfloat16"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = super().draw(name, shape, p, rng)
        return w.astype(ml_dtypes.bfloat16).astype(np.float64) if name == "constant" else w


@fault("ones", "invariants")
class AlmostOne(Independent):
    """is the largest number below 1"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = super().draw(name, shape, p, rng)
        return w * (1 - 1e-7) if name == "ones" else w


@fault("zeros", "invariants")
class Uninitialized(Independent):
    """hands out memory that nobody has filled"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = super().draw(name, shape, p, rng)
        return w + 1e-30 if name == "zeros" else w
