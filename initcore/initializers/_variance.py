"""Kernels of independent entries whose variance is set by the layer's size."""

from typing import Any, Protocol, get_args

from ..arrays import Array, Shape, is_complex
from ..invariants import HasLaw
from ..random import DISK_STD, TRUNCATED_STD, Rng, disk, truncated_disk
from ..spec import Choice, Kernel, Real, ShapeRule, fan, initializer, specs
from ._choices import Entries, Mode
from ._distribution import shifted

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "variance_rule",
    "variance_scaling",
]


KERNEL = ShapeRule(2, None, "a kernel (out, in, *spatial)")


@initializer(
    shape=KERNEL,
    parameters={
        "scale": Real("variance times fan", low=0.0),
        "mode": Choice("what the variance is divided by", get_args(Mode)),
        "distribution": Choice("distribution of the entries", get_args(Entries)),
    },
    invariants=(HasLaw("variance"),),
    rounds=True,
    source="LeCun et al. 1998; Glorot & Bengio, AISTATS 2010; He et al., ICCV 2015",
    complex_=True,
)
def variance_scaling(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    scale: float = 1.0,
    mode: Mode = "fan_in",
    distribution: Entries = "truncated_normal",
    groups: int = 1,
    out: Array | None = None,
) -> Array:
    """Kernel of independent entries with mean 0 and variance `scale / fan`.

    `fan` is `in * prod(spatial)`, `out * prod(spatial)` (of one group), or their arithmetic or
    geometric mean. The truncated normal is cut at two standard deviations; the variance is that
    after the cut.

    >>> w = variance_scaling(Rng(0), (300, 200), scale=2.0)
    >>> bool(abs(w.var() * 200 - 2) < 0.05)
    True
    """
    std = (scale / fan(Kernel(shape, groups), mode)) ** 0.5
    if not isinstance(std, float):  # traced
        return shifted(_drawn(rng, shape, distribution, 1.0, out), 0.0, std)
    return _drawn(rng, shape, distribution, std, out)


def _drawn(rng: Rng, shape: Any, distribution: Entries, std: float, out: Any) -> Any:
    """Independent entries of mean 0 and standard deviation `std`.

    Complex ones are uniform on a disk, or cut in modulus, as in JAX.
    """
    if is_complex(rng.dtype) and distribution == "uniform":
        return disk(rng, shape, std / DISK_STD, out)
    if is_complex(rng.dtype) and distribution == "truncated_normal":
        return truncated_disk(rng, shape, std, out)
    if distribution == "normal":
        return rng.normal(shape, std=std, out=out)
    if distribution == "uniform":
        return rng.uniform(shape, -1.0, 1.0, factor=3**0.5 * std, out=out)
    return rng.truncated_normal(shape, std=std / TRUNCATED_STD, out=out)


def variance_rule(name: str) -> dict[str, Any]:
    """The scale, mode and distribution of `variance_scaling`, or those that a named one fixes.

    Args:
        name: Name of an initializer of this family.

    >>> variance_rule("he_uniform")
    {'scale': 2.0, 'mode': 'fan_in', 'distribution': 'uniform'}
    """
    general = specs["variance_scaling"]
    usual = {n: general.defaults[n] for n in general.parameters if n != "groups"}
    (invariant,) = specs[name].invariants
    return {**usual, **getattr(invariant, "fixed", {})}


Fixed = tuple[str, str, float, Mode]  # source, variance, scale and mode


class Scaled(Protocol):
    """An initializer whose variance is set by the layer's size alone."""

    def __call__(
        self, rng: Rng[Array], shape: Shape, /, *, groups: int = 1, out: Array | None = None
    ) -> Array:
        """The kernel."""


def _scaled(
    name: str, source: str, variance: str, scale: float, mode: Mode, law: Entries
) -> Scaled:
    """`variance_scaling` with fixed parameters, filed as an initializer of its own."""

    def drawn(
        rng: Rng[Array],
        shape: tuple[int, ...],
        /,
        *,
        groups: int = 1,
        out: Array | None = None,
    ) -> Array:
        return variance_scaling(
            rng, shape, scale=scale, mode=mode, distribution=law, groups=groups, out=out
        )

    entries = law.replace("_", " ")
    drawn.__name__ = drawn.__qualname__ = name
    text = f"""Kernel of independent {entries} entries of variance `{variance}`.

    >>> {name}(Rng(0), (3, 4)).shape
    (3, 4)
    """
    drawn.__doc__ = text if variance_scaling.__doc__ else None  # none under python -OO
    invariant = HasLaw("variance", scale=scale, mode=mode, distribution=law)
    return initializer(
        shape=KERNEL, invariants=(invariant,), source=source, rounds=True, complex_=True
    )(drawn)


LECUN: Fixed = ("LeCun et al., Efficient BackProp, 1998", "1 / fan_in", 1.0, "fan_in")
GLOROT: Fixed = ("Glorot & Bengio, AISTATS 2010, eq. 16", "2 / (fan_in + fan_out)", 1.0, "fan_avg")
HE: Fixed = ("He et al., ICCV 2015, eq. 10", "2 / fan_in", 2.0, "fan_in")

lecun_normal = _scaled("lecun_normal", *LECUN, "truncated_normal")
lecun_uniform = _scaled("lecun_uniform", *LECUN, "uniform")
glorot_normal = _scaled("glorot_normal", *GLOROT, "truncated_normal")
glorot_uniform = _scaled("glorot_uniform", *GLOROT, "uniform")
he_normal = _scaled("he_normal", *HE, "truncated_normal")
he_uniform = _scaled("he_uniform", *HE, "uniform")
