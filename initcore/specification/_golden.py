"""Golden vectors: what a seed means, frozen in a file."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from ..random import Rng
from ..spec import Choice, Spec, specs

__all__ = ["Golden", "extended", "golden", "renewed"]

FILE = "golden.json"
SEEDS = (0, (1 << 63) + 12345)
SHAPES = ((4, 6), (6, 4), (4, 2, 3), (4, 4, 2, 3))
SQUARE = ((4, 4), (4, 4, 3))  # of initializers that fit none of the others
DTYPES = ("float32", "float64", "bfloat16", "float16")


@dataclass(frozen=True)
class Golden:
    """One call and its values.

    Attributes:
        initializer, shape, parameters, dtype, seed: The call.
        values: Of the kernel in canonical order, row by row; every one exact as a decimal.
    """

    initializer: str
    shape: tuple[int, ...]
    parameters: dict[str, Any]
    dtype: str
    seed: int
    values: tuple[float, ...]

    def array(self) -> Any:
        """The values in float64, in their shape."""
        return np.array(self.values, dtype=np.float64).reshape(self.shape)


def golden() -> list[Golden]:
    """The vectors of this version of the specification.

    >>> golden()[0].initializer in specs
    True
    """
    text = files(__package__).joinpath(FILE).read_text("utf-8")
    return [
        Golden(**{**one, "shape": tuple(one["shape"]), "values": tuple(one["values"])})
        for one in json.loads(text)["vectors"]
    ]


def extended() -> str:
    """The file with vectors for the initializers that have none yet; the others stay frozen."""
    known = {one.initializer for one in golden()}
    new = renewed([name for name, spec in specs.items() if spec.builtin and name not in known])
    lines = (
        files(__package__).joinpath(FILE).read_text("utf-8").rstrip().removesuffix("]}").rstrip()
    )
    added = new.partition("\n")[2]
    return f"{lines},\n{added}" if added.strip() != "]}" else f"{lines}\n]}}\n"


def renewed(names: Collection[str] | None = None) -> str:
    """The file made anew, for a new version of the specification.

    Args:
        names: Initializers whose vectors are drawn again; all if None.
    """
    vectors = []
    for spec in specs.values():
        if not (spec.builtin if names is None else spec.name in names):
            continue
        for number, (shape, parameters) in enumerate(_calls(spec)):
            dtype, seed = DTYPES[number % len(DTYPES)], SEEDS[number // 2 % 2]
            w = spec.function(Rng(seed, dtype=dtype), shape, **parameters)
            values = [float(x) for x in np.asarray(w, dtype=np.float64).reshape(-1)]
            call = {"initializer": spec.name, "shape": list(shape), "parameters": parameters,
                    "dtype": dtype, "seed": seed}  # fmt: skip
            vectors.append(json.dumps({**call, "values": values}))
    return "\n".join(['{"vectors": [', ",\n".join(vectors), "]}\n"] if vectors else
                     ['{"vectors": [', "]}\n"])  # fmt: skip


def _calls(spec: Spec) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
    """Every shape that fits, with and without groups, and every choice of a parameter once."""
    needed = dict(spec.example)
    variants: list[dict[str, Any]] = [{}, *([{"groups": 2}] if spec.grouped else [])]
    variants += [
        {name: option}
        for name, domain in spec.parameters.items()
        if isinstance(domain, Choice)
        for option in domain.options[1:]
    ]
    if "gain" in spec.parameters:
        variants.append({"gain": 1.5})
    found: list[tuple[tuple[int, ...], dict[str, Any]]] = []
    for number, variant in enumerate(variants):
        given = {**needed, **variant}
        fits = [s for s in SHAPES if _fits(spec, s, given)]
        fits = fits or [s for s in SQUARE if _fits(spec, s, given)]
        # The plain call at every shape, the others at one shape each, in turn.
        for shape in fits if not variant else fits[number % max(1, len(fits)) :][:1]:
            found += [(shape, {**needed, **variant})] * (2 if not variant else 1)
    return found


def _fits(spec: Spec, shape: tuple[int, ...], parameters: dict[str, Any]) -> bool:
    try:
        spec.function(Rng(0), shape, **parameters)
    except ValueError:
        return False
    return True
