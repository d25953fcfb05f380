"""Target: what the library reads: a call a line, first its name, then arguments.

`4,6` is a tuple, `gain=2` a keyword, `@7` the seventh hostile thing, all else a number or a string.
"""

import math
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import initcore
from initcore import Rng, density, specs, theory
from initcore_conformance import _id_lists, _load
from tests.tools.hostile import DTYPES, SEEDS, SHAPES, THINGS

from ._case import SECONDS, Finding, judge, limited, words_of

__all__ = ["run"]

SLOW, IMPOSSIBLE = 4096, 10**13  # elements: from here, drawing takes long; from there, it fails
TABLES = {"@": THINGS, "@shape": SHAPES, "@seed": SEEDS, "@dtype": DTYPES}
HEAVY = {"jacobian_spectrum": 40.0}  # of waves, at large q: right, and ten seconds of work
WORDS = {"none": None, "true": True, "false": False}


def run(data: bytes) -> bool:
    """Make one call; whether there was one to make."""
    name, *rest = words_of(data)
    call = CALLS.get(name)
    if call is None:
        return False
    arguments = [value(w) for w in rest if "=" not in w]
    pairs = [w.partition("=") for w in rest if "=" in w]
    keywords = {k: value(v) for k, _, v in pairs if k.isidentifier()}
    with limited(HEAVY.get(name, SECONDS)):
        try:
            found = call(*arguments, **keywords)
        except (Finding, Skip):
            raise
        except Exception as error:
            judge(error)
            return True
    if isinstance(found, float) and math.isnan(found):
        raise Finding(f"{name} made NaN of {rest}")
    return True


class Skip(Exception):  # noqa: N818
    """Nothing to learn here: too large to be quick, or a module that exists."""


def value(word: str) -> Any:
    """The argument that a word stands for."""
    if word in WORDS:
        return WORDS[word]
    table = word.rstrip("0123456789")
    if table in TABLES and word != table:
        things = TABLES[table]
        return things[int(word[len(table) :][:9]) % len(things)]
    if ";" in word:
        return [value(part) for part in word.split(";") if part]
    if "," in word:
        return tuple(value(part) for part in word.split(",") if part)
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return word


def check(name: Any, shape: Any, **parameters: Any) -> None:
    """`Spec.check`: clean values lie in their domains."""
    sizes, values = spec_of(name).check(shape, parameters)
    if not all(type(n) is int and n >= 0 for n in sizes):
        raise Finding(f"{name} took {shape!r} for the shape {sizes}")
    for parameter, domain in spec_of(name).parameters.items():
        domain.check(values[parameter])


def draw(name: Any, shape: Any, seed: Any = 0, dtype: Any = "float32", **parameters: Any) -> None:
    """The initializer itself: the array has the shape and the dtype that were asked for."""
    quick(shape)
    rng = Rng(seed, dtype=dtype)
    with np.errstate(over="ignore"):  # 1e300 is inf in float32
        w = spec_of(name).function(rng, shape, **parameters)
    if w.dtype != rng.dtype or w.shape != spec_of(name).check(shape, parameters)[0]:
        raise Finding(f"{name} made {w.dtype}{w.shape} of {shape!r}")


def rng(method: Any, shape: Any, *rest: Any, seed: Any = 0, dtype: Any = "float32", **more: Any):
    """A method of `Rng`."""
    quick(shape)
    if method == "split" and isinstance(shape, int) and SLOW < shape <= 1 << 32:
        raise Skip
    if method in METHODS:
        getattr(Rng(seed, dtype=dtype), method)(shape, *rest, **more)


METHODS = ("bits", "uniform", "normal", "truncated_normal", "signs", "integers", "permutation",
           "fold_in", "split", "astype")  # fmt: skip


def quick(shape: Any) -> None:
    """Leave out what would be drawn, and slowly."""
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    if all(isinstance(n, int) for n in sizes) and SLOW < math.prod(sizes) < IMPOSSIBLE:
        raise Skip


def spec_of(name: Any) -> initcore.Spec:
    found = specs.get(name) if isinstance(name, str) else None
    if found is None:
        raise Skip
    return found


def id_list(*parts: Any) -> None:
    """A file of skips; what was read has reasons, and says so."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "skips"
        words = [part for part in parts if isinstance(part, (str, int))]
        path.write_bytes(" ".join(map(str, words)).encode("utf-8", "surrogateescape"))
        found = _id_lists.IdList.read(path)
    for pattern, reason in found.entries.items():
        if not reason.strip() or pattern.count("::") != 2:
            raise Finding(f"{pattern!r} was taken for an id, with reason {reason!r}")
        found.reason("torch::orthogonal::shape")


def load(name: Any) -> None:
    """A backend by name, where no module of that name would be run."""
    root = str(name).partition(":")[0].partition(".")[0]
    if ":" in str(name) and root.isidentifier() and find_spec(root) is not None:
        raise Skip
    _load.load(str(name))


def law(make: Callable[..., Any]) -> Callable[..., float]:
    """The mean of a law or a spectrum that can be made."""

    def call(*arguments: Any, **keywords: Any) -> float:
        if make is not theory.jacobian_spectrum and arguments and _wide(arguments[0]):
            raise Skip
        found = make(*arguments, **keywords)
        return float(found.mean if hasattr(found, "mean") else found.variance)

    return call


def _wide(widths: Any) -> bool:
    """Layers whose distributions take seconds."""
    sizes = widths if isinstance(widths, tuple) else (widths,)
    return any(isinstance(n, int) and 2000 < n <= 1 << 20 for n in sizes)


CALLS: dict[str, Callable[..., Any]] = {
    "check": check,
    "draw": draw,
    "rng": rng,
    "list": id_list,
    "load": load,
    "targets": lambda *names: _load.targets(n for n in names if isinstance(n, str)),
    "gain": initcore.gain,
    "density.uniform": density.uniform,
    "density.erdos_renyi": density.erdos_renyi,
    "density.erdos_renyi_kernel": density.erdos_renyi_kernel,
    "density.from_scores": density.from_scores,
    "density.masks_from_scores": density.masks_from_scores,
    "length_map": theory.length_map,
    "susceptibility": theory.susceptibility,
    "correlation_map": theory.correlation_map,
    "fixed_point": theory.fixed_point,
    "fixed_points": theory.fixed_points,
    "critical_point": theory.critical_point,
    "critical_line": theory.critical_line,
    "depth_scales": theory.depth_scales,
    "isometric": theory.isometric,
    "phase": theory.phase,
    "q_for_depth": theory.q_for_depth,
    "jacobian_spectrum": law(theory.jacobian_spectrum),
    "universal_spectrum": law(theory.universal_spectrum),
    "relu_norm_law": law(theory.relu_norm_law),
    "mirrored_norm_law": law(theory.mirrored_norm_law),
    "relu_pair_law": theory.relu_pair_law,
}
