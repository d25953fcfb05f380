"""What to do instead: the second half of an error about what a caller gave."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

__all__ = [
    "for_array",
    "for_attribute",
    "for_keyword",
    "for_model",
    "for_rng",
    "for_seed",
    "for_shape",
    "meant",
]

ADAPTERS = {"torch": "initcore_torch", "jax": "initcore_jax", "jaxlib": "initcore_jax",
            "flax": "initcore_jax", "equinox": "initcore_jax", "keras": "initcore_keras",
            "tensorflow": "initcore_keras", "mlx": "initcore_mlx"}  # fmt: skip
# Other names of the initializers, by the words that they are made of.
OTHER_WORDS = {"xavier": "glorot", "kaiming": "he", "trunc": "truncated", "eye": "identity",
               "dirac": "identity", "ortho": "orthogonal"}  # fmt: skip
SIZES = {"gain": ", a singular value", "std": ", the standard deviation of an entry",
         "stddev": ", the standard deviation of an entry", "scale": ""}  # fmt: skip


def meant(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """The end of an error about a name that is not among the known ones.

    >>> meant("kaiming_normal", ["he_normal", "zeros"])
    '; did you mean he_normal?'
    >>> meant("q", ["he_normal", "zeros"])
    '; there are he_normal, zeros.'
    """
    known = list(known)
    asked = name[:200].lower().strip("_ ").replace("-", "_").replace(" ", "_")
    words = "_".join(OTHER_WORDS.get(word, word) for word in asked.split("_"))
    near = [n for n in known if n == words or n.startswith(f"{words}_")][:most]
    near = near or difflib.get_close_matches(words, known, most)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    shown = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return f"; there are {shown}." if known else "."


def for_seed(seed: Any) -> str:
    """Behind `needs an integer seed, got ...`: what is one."""
    if isinstance(seed, str):
        if seed.strip().isdigit():
            return f"; {int(seed)} without the quotation marks is one."
        return "; of a name, Rng(0).fold_in(name) makes a stream."
    if isinstance(seed, (float, np.floating)) and float(seed).is_integer():
        return f"; {int(seed)} is one."
    if isinstance(seed, np.random.Generator):
        return "; int(generator.integers(2**63)) draws one."
    if type(seed).__name__ == "Generator" and _root(seed) == "torch":
        return "; a generator goes to generator=."
    if str(getattr(seed, "dtype", "")).startswith("key<"):
        return "; a key of JAX was made from one, by jax.random.key(seed)."
    return "."


def for_rng(given: Any) -> str:
    """Behind `needs an initcore.Rng, got ...`: how one is made, or which package is for it."""
    theirs = ADAPTERS.get(_root(given))
    if theirs:
        return f"; for those use {theirs}."
    if isinstance(given, np.random.Generator):
        return "; one is initcore.Rng(int(generator.integers(2**63)))."
    return "; for example initcore.Rng(0)."


def for_keyword(name: str, known: Collection[str]) -> str:
    """Behind `got an unexpected keyword argument ...`: the one that was meant, or all of them."""
    sizes = [n for n in SIZES if n in known]
    if name in SIZES and sizes:
        return f"; the size is set by {sizes[0]}{SIZES[sizes[0]]}."
    if name in SIZES:
        return "; the shape fixes the size, which variance_scaling leaves open."
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; it takes {', '.join(known) or 'none'}."


def for_attribute(name: str, known: Collection[str]) -> str:
    """Behind `module 'initcore' has no attribute ...`: where it is, or what was meant."""
    if name.startswith("__"):  # Python's own questions
        return ""
    if name.endswith("_") or name in ("initialize", "plan", "signal_report", "jacobian_spectrum"):
        return "; it is in the adapters, such as initcore_torch."
    return meant(name, known)


def for_array(given: Any, who: str, mine: str) -> str:
    """Behind `needs an array to fill, got ...`: what to pass, or which package is for it.

    Args:
        given: What is no array of the framework.
        who: The function.
        mine: The framework's package, such as `"initcore_torch"`.
    """
    theirs = ADAPTERS.get(_root(given), mine)
    bare = who.rstrip("_")
    if given is None:
        return "; a layer without a bias has None there."
    if isinstance(given, np.ndarray):
        return f"; for arrays of NumPy: initcore.{bare}(initcore.Rng(seed), array.shape)."
    if _is_shape(given):
        return "; make the array of this shape first."
    if theirs != mine:
        return f"; for those use {theirs}."
    for weight in ("weight", "kernel"):
        if hasattr(getattr(given, weight, None), "shape"):
            return f"; pass its weight: {who}(layer.{weight})."
    if hasattr(given, "parameters") and not isinstance(given, type):
        return f"; for a whole model: initialize(model, {bare!r})."
    if isinstance(given, type):
        return "; make an instance of it, and pass its weight."
    if isinstance(given, (list, tuple, Mapping, Iterator)):
        return f"; pass them one by one, or the whole model: initialize(model, {bare!r})."
    return "."


def for_shape(given: Any) -> str:
    """Behind `needs a shape made of integers, got ...`: where there is one."""
    shape = getattr(given, "shape", None)
    if _is_shape(shape) or type(shape).__name__ == "TensorShape":  # TensorFlow's
        return "; pass its .shape."
    for weight in ("weight", "kernel"):
        if hasattr(getattr(given, weight, None), "shape"):
            return f"; pass the shape of its {weight}: layer.{weight}.shape."
    if isinstance(given, (tuple, list)) and None in given:
        return "; None is no size: give the size itself."
    return "."


def for_model(given: Any, mine: str) -> str:
    """Behind `needs a model, got ...`: what to pass, or which package is for it."""
    if isinstance(given, str):
        return "; the model comes first, and the scheme second."
    if isinstance(given, type):
        return "; make an instance of it."
    theirs = ADAPTERS.get(_root(given), mine)
    if theirs != mine:
        return f"; for models of that framework use {theirs}."
    if hasattr(given, "shape"):
        return "; one array is filled by a function such as orthogonal, with or without _."
    if isinstance(given, (list, Mapping, Iterator)):
        return "; pass the model itself, not its parameters."
    return "."


def _is_shape(given: Any) -> bool:
    sizes = (given,) if isinstance(given, int) else given
    return isinstance(sizes, (tuple, list)) and bool(sizes) and all(type(n) is int for n in sizes)


def _root(given: Any) -> str:
    return type(given).__module__.partition(".")[0]
