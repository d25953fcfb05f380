"""Wrong implementations, each with the check that is meant to find it.

A fault is a backend that is right but for one thing. Those with a stream of their own are changes
of `Independent`; those that claim the portable stream are changes of the NumPy backend.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from initcore import specs
from initcore_conformance.backends import numpy as core

from .independent import Independent


@dataclass(frozen=True)
class Fault:
    """What is wrong, with which initializer it shows, and the check meant to kill it."""

    name: str
    initializer: str
    check: str
    make: Callable[[], Any]


FAULTS: list[Fault] = []


def fault(initializer: str, check: str) -> Callable[[type], type]:
    """File a class of a wrong backend; its docstring says what is wrong."""

    def file(cls: type) -> type:
        FAULTS.append(Fault((cls.__doc__ or "").strip(), initializer, check, cls))
        return cls

    return file


class Core:
    """The NumPy backend, portable, with a toy layer on top."""

    def __init__(self) -> None:
        self.right = core()
        self.name, self.portable = type(self).__name__, True
        self.initializers, self.dtypes = self.right.initializers, self.right.dtypes

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return self.right.sample(name, shape, **given)


class Toy(Core):
    """A dense layer whose kernel is `(in, out)`."""

    layers = ("dense",)

    def kernel(self, name: str, out: int, into: int, given: Any) -> Any:
        return self.right.sample(name, (out, into), **given).T

    def layer(self, kind: str, name: str, shape: Any, **given: Any) -> Any:
        kernel = self.kernel(name, *shape, given)
        return lambda x: x @ kernel


@fault("scaled_orthogonal", "layers")
class TransposedLayout(Toy):
    """takes kernels as (in, out), as dks does in PyTorch"""

    def kernel(self, name: str, out: int, into: int, given: Any) -> Any:
        return self.right.sample(name, (into, out), **given)


@fault("orthogonal", "layers")
class TransposedSquare(Toy):
    """takes square kernels transposed: every shape is right"""

    def kernel(self, name: str, out: int, into: int, given: Any) -> Any:
        w = self.right.sample(name, (out, into), **given)
        return w if out == into else w.T


@fault("orthogonal", "layers")
class MixedGroups(Independent):
    """hands the groups of a convolution each other's inputs"""

    def layer(self, kind: str, name: str, shape: Any, **given: Any) -> Any:
        forward = super().layer(kind, name, shape, **given)
        groups = given.get("groups", 1)

        def mixed(x: Any) -> Any:
            parts = np.split(x, groups, axis=1)
            return forward(np.concatenate([parts[0]] * groups, axis=1))

        return mixed


@fault("orthogonal", "low_precision")
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
        if bits is None:
            return w
        low, high = given.get("low", 0.0), given.get("high", 1.0)
        u = np.floor((w.astype(np.float64) - low) / (high - low) * 2**bits) / 2**bits
        return (low + (high - low) * u).astype(w.dtype)


@fault("orthogonal", "low_precision")
class RoundedTwice(Core):
    """draws the Gaussians of half precision frames in half precision"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        if given.get("dtype") not in ("float16", "bfloat16"):
            return w
        fine = self.right.sample(name, shape, **{**given, "dtype": "float32"})
        return (fine * np.float32(1.004)).astype(w.dtype)


@fault("sparse", "determinism")
class GlobalPlaces(Independent):
    """takes places of zeros from the global generator, as torch's sparse_ does"""

    def sparse(self, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = p["std"] * rng.standard_normal(shape)
        zeros = math.ceil(round(p["sparsity"] * shape[0], 9))
        for column in range(shape[1]):
            w[np.random.permutation(shape[0])[:zeros], column] = 0.0
        return w


@fault("he_normal", "seeds")
class SeedIgnored(Independent):
    """gives every layer the same weights, as a Keras instance without a seed does"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        self.clean(name, tuple(shape), seed, given.get("dtype", "float32"),
                   {k: v for k, v in given.items() if k != "dtype"})  # fmt: skip
        return super().sample(name, shape, seed=0, **given)


@fault("normal", "seeds")
class ShortSeed(Independent):
    """uses the low 32 bits of the seed"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = super().sample(name, shape, seed=seed, **given)
        return super().sample(name, shape, seed=seed % 2**32, **given) if w is not None else w


@fault("normal", "across_seeds")
class SeedsOverlap(Independent):
    """seed s + 1 begins where seed s is after one row, as Keras's generator on torch"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        if not shape:
            return super().draw(name, shape, p, rng)
        rows = [
            np.random.default_rng(self.seed + i).standard_normal(shape[1:]) for i in range(shape[0])
        ]
        return p["mean"] + p["std"] * np.array(rows).reshape(shape)

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        self.seed = seed
        return super().sample(name, shape, seed=seed, **given)


@fault("delta_orthogonal", "invariants")
class WrongTap(Independent):
    """takes k // 2 for the centre, as torch's dirac_ does"""

    def on_tap(self, tap: Any, shape: tuple[int, ...]) -> Any:
        w = np.zeros(shape)
        if w.size:
            w[(slice(None), slice(None), *(k // 2 for k in shape[2:]))] = tap
        return w


@fault("identity", "invariants")
class WrongTapIdentity(WrongTap):
    """takes k // 2 for the centre of the identity"""


@fault("delta_orthogonal", "invariants")
class AlmostZero(Independent):
    """leaves 1e-12 where zeros belong"""

    def on_tap(self, tap: Any, shape: tuple[int, ...]) -> Any:
        w = super().on_tap(tap, shape)
        return np.where(w == 0, 1e-12, w)


@fault("scaled_orthogonal", "statistics")
class NoSignFix(Independent):
    """leaves the signs of QR to LAPACK"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q, _ = np.linalg.qr(rng.standard_normal((count, max(out, into), min(out, into))))
        return q if out >= into else q.swapaxes(1, 2)


@fault("orthogonal", "statistics")
class Rotations(Independent):
    """makes rotations only: no determinant is -1"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        if out == into:
            q[:, 0] *= np.linalg.slogdet(q)[0][:, None]
        return q


@fault("orthogonal", "statistics")
class Permutations(Independent):
    """makes signed permutations: orthogonal, and far from Haar"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        n, m = max(out, into), min(out, into)
        q = np.zeros((count, n, m))
        for g in range(count):
            q[g, rng.permutation(n)[:m], range(m)] = rng.choice((-1.0, 1.0), m)
        return q if out >= into else q.swapaxes(1, 2)


@fault("orthogonal", "statistics")
class PositiveRow(Independent):
    """makes every entry of the first row positive on average"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        turn = np.sign(q[:, 0].sum(-1)) if out <= into else 1.0
        return q * np.reshape(turn, (-1, 1, 1)) if out <= into else q


@fault("orthogonal", "statistics")
class RepeatedGroups(Independent):
    """gives two neighbouring groups the same kernel"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        return q[np.arange(count) // 2 * 2]


@fault("normal", "statistics")
class RepeatedBlocks(Independent):
    """draws a block of 64 values over and over, with the sign turned"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        size = math.prod(shape)
        z = np.concatenate([rng.standard_normal(64)] * (size // 64 + 1))[:size]
        z = z * np.where(np.arange(size) // 64 % 2, -1, 1)
        return p["mean"] + p["std"] * z.reshape(shape)


@fault("orthogonal", "invariants")
class Sloppy(Independent):
    """is orthogonal to 1e-2 only, as on some GPUs"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        return q * (1 + 0.005 * rng.standard_normal(q.shape))


@fault("orthogonal", "invariants")
class WrongWide(Independent):
    """normalises rows where there are fewer outputs than inputs"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        if out >= into:
            return super().frames(count, out, into, rng)
        w = rng.standard_normal((count, out, into))
        return w / np.linalg.norm(w, axis=-1, keepdims=True)


@fault("orthogonal", "invariants")
class GainSquared(Independent):
    """multiplies by the gain twice"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw(name, shape, {**p, "gain": p["gain"] ** 2}, rng)


@fault("delta_orthogonal", "invariants")
class GainForgotten(Independent):
    """forgets the gain"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw(name, shape, {**p, "gain": 1.0}, rng)


@fault("scaled_orthogonal", "invariants")
class WidthForgotten(Independent):
    """forgets sqrt(out / in)"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw("orthogonal", shape, p, rng)


@fault("he_normal", "statistics")
class WrongFan(Independent):
    """divides by fan_out"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, "fan_out", groups)


@fault("glorot_uniform", "statistics")
class FanOfAllGroups(Independent):
    """counts the outputs of all groups as one fan"""

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        return super().fan(shape, mode, 1)


@fault("lecun_normal", "statistics")
class NotCorrected(Independent):
    """cuts normals at two deviations without correcting the deviation"""

    def spread(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        if 0 in shape:
            return np.zeros(shape)
        return self.cut(rng, shape, -2.0, 2.0) / math.sqrt(self.fan(shape, "fan_in", p["groups"]))


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


@fault("normal", "reference")
class SilentlyFloat32(Core):
    """computes float64 in float32"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        return w.astype(np.float32).astype(w.dtype)


@fault("orthogonal", "invariants")
class SilentlyFloat32Frames(Independent):
    """computes float64 frames in float32"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        return super().frames(count, out, into, rng).astype(np.float32).astype(np.float64)


@fault("normal", "shape_and_dtype")
class WrongDtype(Independent):
    """returns float32 where float64 is asked for"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = super().sample(name, shape, **given)
        return w.astype(np.float32) if w.dtype == np.float64 else w


@fault("orthogonal", "shape_and_dtype")
class NoEmpty(Independent):
    """fails for sizes of 0"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        if 0 in tuple(shape):
            raise ZeroDivisionError
        return super().sample(name, shape, **given)


@fault("normal", "shape_and_dtype")
class Reversed(Independent):
    """returns the axes in reversed order"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return np.transpose(super().sample(name, shape, **given))


@fault("normal", "reference")
class OtherStream(Core):
    """claims the portable stream and starts one element late"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        return np.roll(w, 1)


@fault("orthogonal", "reference")
class OtherSigns(Core):
    """claims the portable stream with the last row's sign turned"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given).copy()
        w[-1:] *= -1
        return w


@fault("normal", "determinism")
class Counts(Core):
    """depends on how often it was called"""

    calls = 0

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        self.calls += 1
        w = self.right.sample(name, shape, seed=seed, **given)
        return w if self.calls % 7 else w + w.dtype.type(1)


@fault("normal", "purity")
class SharedBuffer(Core):
    """returns the same memory each time"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        key = (w.shape, str(w.dtype))
        self.buffers = getattr(self, "buffers", {})
        buffer = self.buffers.setdefault(key, np.empty_like(w))
        buffer[...] = w
        return buffer


@fault("normal", "purity")
class Cached(Core):
    """hands out what it keeps"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        self.kept = getattr(self, "kept", {})
        key = repr((name, shape, sorted(given.items())))
        if key not in self.kept:
            self.kept[key] = self.right.sample(name, shape, **given)
        return self.kept[key]


@fault("normal", "purity")
class SeedsNumPy(Core):
    """seeds NumPy's global generator"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        np.random.seed(seed % 2**32)
        return w


class Lenient(Core):
    """Replaces bad arguments by good ones."""

    def mend(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return given

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return self.right.sample(name, shape, **self.mend(name, given))


@fault("orthogonal", "rejection")
class TakesNaN(Lenient):
    """takes a gain of NaN for 1"""

    def mend(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        bad = isinstance(given.get("gain"), float) and math.isnan(given["gain"])
        return {**given, "gain": 1.0} if bad else given


@fault("orthogonal", "rejection")
class TakesNegative(Lenient):
    """takes the absolute value of a gain"""

    def mend(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        bad = isinstance(given.get("gain"), float) and given["gain"] < 0
        return {**given, "gain": -given["gain"]} if bad else given


@fault("normal", "rejection")
class IgnoresUnknown(Lenient):
    """ignores parameters it does not know"""

    def mend(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in given.items() if k in ("seed", "dtype", *specs[name].parameters)}


@fault("normal", "rejection")
class WrapsSeeds(Lenient):
    """takes any integer for a seed"""

    def mend(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        seed = given["seed"]
        return {**given, "seed": seed % 2**64} if isinstance(seed, int) else given


@fault("zeros", "rejection")
class TakesIntegers(Lenient):
    """makes float32 where an integer dtype is asked for"""

    def mend(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return {**given, "dtype": "float32"} if given.get("dtype") == "int32" else given


@fault("delta_orthogonal", "rejection")
class TakesMatrices(Core):
    """makes a matrix orthogonal where a convolution kernel is asked for"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        return self.right.sample("orthogonal" if len(shape) == 2 else name, shape, **given)


@fault("he_uniform", "rejection")
class DropsGroups(Lenient):
    """falls back on one group where groups do not divide"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        groups = given.get("groups", 1)
        if isinstance(groups, int) and shape and groups > 1 and shape[0] % groups:
            given["groups"] = 1
        return self.right.sample(name, shape, **given)


@fault("orthogonal", "rejection")
class WrongError(Core):
    """fails with an AssertionError"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        try:
            return self.right.sample(name, shape, **given)
        except ValueError:
            raise AssertionError from None
