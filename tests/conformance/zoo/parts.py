"""Mistakes with parts of kernels."""

from typing import Any

from initcore import Part

from ._fault import BUILTIN, RANDOM, Core, fault

# A convolution of one value everywhere shows nothing.
SHOWN = tuple(name for name in RANDOM if name not in ("idinit", "idinit_zero"))


class Parted(Core):
    """The NumPy backend with its parts."""

    def sample_part(self, name: str, shape: Any, part: Part, **given: Any) -> Any:
        return self.right.sample_part(name, shape, part, **given)


@fault("normal", "part", also=SHOWN)
class OffsetIgnored(Parted):
    """takes every part from the first corner"""

    def sample_part(self, name: str, shape: Any, part: Part, **given: Any) -> Any:
        corner = Part(part.shape, (0,) * len(part.shape))
        return super().sample_part(name, shape, corner, **given)


@fault("he_normal", "part", also=[n for n in SHOWN if n not in ("mirrored", "sparse_orthogonal")])
class FansOfThePart(Parted):
    """makes a kernel of the part's own size"""

    def sample_part(self, name: str, shape: Any, part: Part, **given: Any) -> Any:
        given = {k: v for k, v in given.items() if k != "groups"}
        return self.right.sample(name, shape, **given)


@fault("orthogonal", "part", also=SHOWN)
class AKeyForEachShard(Parted):
    """has a key for every shard"""

    def sample_part(self, name: str, shape: Any, part: Part, **given: Any) -> Any:
        seed = (given["seed"] + sum(part.offset)) % 2**64
        return super().sample_part(name, shape, part, **{**given, "seed": seed})


@fault("orthogonal", "part", also=BUILTIN)
class TheWholeForAPart(Parted):
    """returns the whole kernel"""

    def sample_part(self, name: str, shape: Any, part: Part, **given: Any) -> Any:
        return self.right.sample(name, part.shape, **given)
