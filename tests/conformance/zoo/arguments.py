"""Bad arguments that are taken, and errors that do not help."""

import math
from typing import Any

from initcore import specs

from ._fault import Core, fault


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
