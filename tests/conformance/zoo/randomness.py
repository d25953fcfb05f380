"""Seeds, streams and memory: what a call depends on and what it leaves behind."""

import math
from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import BUILTIN, DERIVED, GROUPED, RANDOM, Bent, Core, fault


@fault("sparse", "determinism")
class GlobalPlaces(Independent):
    """takes places of zeros from the global generator, as torch's sparse_ does"""

    def sparse(self, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = p["std"] * rng.standard_normal(shape)
        zeros = math.ceil(round(p["sparsity"] * shape[0], 9))
        for column in range(shape[1]):
            w[np.random.permutation(shape[0])[:zeros], column] = 0.0
        return w


@fault("he_normal", "seeds", also=RANDOM)
class SeedIgnored(Independent):
    """gives every layer the same weights, as a Keras instance without a seed does"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        self.clean(name, tuple(shape), seed, given.get("dtype", "float32"),
                   {k: v for k, v in given.items() if k != "dtype"})  # fmt: skip
        return super().sample(name, shape, seed=0, **given)


@fault("normal", "seeds", also=RANDOM)
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


@fault("normal", "reference", also=RANDOM)
class OtherStream(Core):
    """claims the portable stream and starts one element late"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        return np.roll(w, 1)


@fault("orthogonal", "reference", also=[n for n in RANDOM if n in GROUPED])
class OtherSigns(Core):
    """claims the portable stream with the last row's sign turned"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given).copy()
        w[-1:] *= -1
        return w


@fault("normal", "determinism", also=RANDOM)
class Counts(Core):
    """depends on how often it was called"""

    calls = 0

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        self.calls += 1
        w = self.right.sample(name, shape, seed=seed, **given)
        return w if self.calls % 7 else w + w.dtype.type(1)


@fault("normal", "purity", also=RANDOM)
class SharedBuffer(Core):
    """returns the same memory each time"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        key = (w.shape, str(w.dtype))
        self.buffers = getattr(self, "buffers", {})
        buffer = self.buffers.setdefault(key, np.empty_like(w))
        buffer[...] = w
        return buffer


@fault("normal", "purity", also=BUILTIN)
class Cached(Core):
    """hands out what it keeps"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        self.kept = getattr(self, "kept", {})
        key = repr((name, shape, sorted(given.items())))
        if key not in self.kept:
            self.kept[key] = self.right.sample(name, shape, **given)
        return self.kept[key]


@fault("normal", "purity", also=RANDOM)
class SeedsNumPy(Core):
    """seeds NumPy's global generator"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        np.random.seed(seed % 2**32)
        return w


@fault("normal", "statistics")
class RepeatedBlocks(Independent):
    """draws a block of 64 values over and over, with the sign turned"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        size = math.prod(shape)
        z = np.concatenate([rng.standard_normal(64)] * (size // 64 + 1))[:size]
        z = z * np.where(np.arange(size) // 64 % 2, -1, 1)
        return p["mean"] + p["std"] * z.reshape(shape)


@fault("normal", "seeds", also=RANDOM)
class PairsOfSeeds(Independent):
    """ignores the lowest bit of the seed: layers get the same weights in pairs"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        super().sample(name, shape, seed=seed, **given)
        return super().sample(name, shape, seed=seed // 2 * 2, **given)


@fault("orthogonal", "determinism", also=RANDOM)
class IgnoresTheGenerator(Core):
    """draws from a generator of its own, whatever it is handed"""

    def __init__(self) -> None:
        super().__init__()
        self.portable = False
        self.next = 0

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        self.right.sample(name, shape, seed=seed, **given)
        self.next += 1
        return self.right.sample(name, shape, seed=self.next, **given)


@fault("normal", "statistics")
class MirroredHalves(Independent):
    """uses every value twice, once with its sign turned"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        size = math.prod(shape)
        z = rng.standard_normal((size + 1) // 2)
        z = np.stack([z, -z], axis=-1).reshape(-1)[:size]
        return p["mean"] + p["std"] * z.reshape(shape)


@fault("orthogonal", "golden", also=RANDOM)
class OtherVersion(Core):
    """claims the portable stream of another version, whose seeds mean something else"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        return self.right.sample(name, shape, seed=seed ^ 1, **given) if w.size else w


@fault("orthogonal", "statistics", also=[n for n in RANDOM if n in GROUPED])
class RepeatedGroups(Bent):
    """gives two neighbouring groups the same kernel"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        groups = given.get("groups", 1)
        parts = w.reshape(groups, -1, *w.shape[1:])
        return parts[np.arange(groups) // 2 * 2].reshape(w.shape)


@fault("scaled_orthogonal", "across_seeds", also=[n for n in RANDOM if n in GROUPED])
class GroupsOverlap(Bent):
    """gives the groups of seed s those of s, s + 1 and so on: neighbouring seeds share kernels"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        groups = given.get("groups", 1)
        if groups == 1 or not w.size:
            return w
        one = (w.shape[0] // groups, *w.shape[1:])
        seeds = [(seed + g) % 2**64 for g in range(groups)]
        parts = [self.right.sample(name, one, seed=s, **{**given, "groups": 1}) for s in seeds]
        return np.concatenate(parts)


@fault("he_normal", "statistics", also=("variance_scaling", *DERIVED))
class RepeatedBlock(Bent):
    """draws a block of 64 values over and over"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.resize(w.reshape(-1)[:64], w.shape)


@fault("uniform", "statistics")
@fault("truncated_normal", "statistics")
class RepeatedRow(Bent):
    """draws the first half of the entries again for the second"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.resize(w.reshape(-1)[: (w.size + 1) // 2], w.shape)
