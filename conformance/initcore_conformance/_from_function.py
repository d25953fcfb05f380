"""One function of a framework as a backend, in one line.

Each `of_...` takes your function as its framework calls it, and the name of the initializer it
claims to be. Parameters are matched by name; those it does not have are not tried.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from initcore import specs

from ._signatures import has, takes
from .backends._jax import JaxBackend
from .backends._keras import KerasBackend
from .backends._peers import CHANNELS_LAST, Claims, Counterpart, PeerBackend, own_shape
from .backends._torch import TorchBackend

__all__ = ["of_jax", "of_keras", "of_numpy", "of_torch"]

Kind = TypeVar("Kind", bound=PeerBackend)


def of_numpy(
    function: Callable[..., Any],
    initializer: str,
    *,
    names: Mapping[str, str] | None = None,
    dtypes: Sequence[str] | None = None,
    claims: Claims | None = None,
    channels_last: bool = False,
) -> PeerBackend:
    """The backend of `function(shape, rng=..., dtype=..., **parameters) -> array`.

    Args:
        function: It has a parameter `rng`, a `numpy.random.Generator`, or `seed`. Without a
            parameter `dtype` it claims float64, which is what NumPy makes by itself.
        initializer: What it claims to be: a name in `initcore.specs`.
        names: Your parameter names, by the core's: `{"gain": "scale"}`.
        dtypes: What it claims to make.
        claims: `(shape, parameters) -> bool`, if it does not claim all that the specification
            has: `lambda shape, parameters: len(shape) == 2`. Shapes are `(out, in, *spatial)`.
        channels_last: Whether its kernels are `(*spatial, in, out)`.

    Raises:
        ValueError: There is no such initializer or parameter.
        TypeError: The function takes no seed.

    >>> import numpy as np
    >>> from initcore_conformance import conform, of_numpy
    >>> zeros = of_numpy(lambda shape, dtype: np.zeros(shape, dtype), "zeros")
    >>> [(o.check, o.failure.should) for o in conform([zeros]).failures]
    [('rejection', 'TypeError or ValueError for dtype int32')]
    """
    usual = ("float32", "float64") if takes(function, "dtype") else ("float64",)
    backend = _made(_NumpyBackend, function, initializer, names, dtypes or usual, claims)
    if specs[initializer].random and not (has(function, "rng") or takes(function, "seed")):
        raise TypeError(
            f"of_numpy needs a function with a parameter rng or seed for {initializer!r}, got "
            f"{backend.name}; wrap it in one that has it."
        )
    backend.channels_last = channels_last
    # Bad ones never come to a function that does not have them.
    hidden = [a for a in ("dtype", "seed") if not takes(function, a)]
    backend.beyond = {initializer: tuple(hidden)}
    return backend


def of_torch(
    function: Callable[..., Any],
    initializer: str,
    *,
    names: Mapping[str, str] | None = None,
    dtypes: Sequence[str] | None = None,
    claims: Claims | None = None,
) -> PeerBackend:
    """The backend of `function(tensor, **parameters)`, which fills a tensor in place.

    It is tried on bare tensors and on the weights of `Linear`, `Conv1d`, `Conv2d` and `Conv3d`. Its
    random numbers come from its parameter `generator` if it has one, from PyTorch's default
    generator if not. Seeds have 32 bits: the generator of the CPU uses no more of them.

    Args and Raises:
        As of `of_numpy`.
    """
    backend = _made(TorchBackend, function, initializer, names, dtypes, claims)
    backend.seed_bits = 32
    backend.beyond = {initializer: ("seed",)}
    return backend


def of_jax(
    make: Callable[..., Any],
    initializer: str,
    *,
    names: Mapping[str, str] | None = None,
    dtypes: Sequence[str] | None = None,
    claims: Claims | None = None,
) -> PeerBackend:
    """The backend of `make(**parameters)(key, shape, dtype)`, as in `jax.nn.initializers`.

    Kernels are `(*spatial, in, out)`, as Flax has them; where Flax is installed, it is tried as
    the `kernel_init` of `nnx.Linear` and `nnx.Conv` too. For `f(key, shape, dtype)` itself, without
    parameters, it is `of_jax(lambda: f, ...)`.

    Args and Raises:
        As of `of_numpy`.

    Args:
        make: Function of the parameters that makes an initializer `(key, shape, dtype)`.
    """
    backend = _made(JaxBackend, make, initializer, names, dtypes, claims)
    backend.beyond = {initializer: ("seed",)}
    return backend


def of_keras(
    cls: Callable[..., Any],
    initializer: str,
    *,
    names: Mapping[str, str] | None = None,
    dtypes: Sequence[str] | None = None,
    claims: Claims | None = None,
) -> PeerBackend:
    """The backend of `cls(**parameters, seed=...)(shape, dtype=...)`, a Keras initializer.

    Kernels are `(*spatial, in, out)`. It is tried by itself and as the `kernel_initializer` of
    `Dense`, `Conv1D`, `Conv2D` and `Conv3D`, on the Keras backend of the process.

    Args and Raises:
        As of `of_numpy`.
    """
    return _made(KerasBackend, cls, initializer, names, dtypes, claims)


class _NumpyBackend(PeerBackend):
    """A function that makes NumPy arrays."""

    channels_last = False

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **parameters: Any
    ) -> Any:
        """Its array, turned to the canonical order."""
        counterpart = self.counterparts[name]
        given = counterpart.translate(name, parameters)
        if takes(counterpart.make, "dtype"):
            given["dtype"] = dtype
        if has(counterpart.make, "rng"):
            given["rng"] = np.random.default_rng(seed)
        elif takes(counterpart.make, "seed"):
            given["seed"] = seed
        if not self.channels_last or len(shape) < 2:
            return counterpart.make(tuple(shape), **given)
        w = counterpart.make(own_shape(CHANNELS_LAST, shape), **given)
        return CHANNELS_LAST.to_canonical(w, xp=np)


def _made(
    kind: type[Kind],
    function: Callable[..., Any],
    initializer: str,
    names: Mapping[str, str] | None,
    dtypes: Sequence[str] | None,
    claims: Claims | None,
) -> Kind:
    """A backend of one initializer."""
    if initializer not in specs:
        raise ValueError(f"there is no initializer {initializer!r}; there are {', '.join(specs)}.")
    spec, given = specs[initializer], dict(names or {})
    known = {p: given.pop(p, p) for p in spec.parameters}
    if given:
        raise ValueError(
            f"{initializer} has no parameter {next(iter(given))!r}; its parameters: "
            f"{', '.join(spec.parameters) or 'none'}."
        )
    known = {p: own for p, own in known.items() if takes(function, own)}
    # Its own defaults are its own affair: the specification's are always given.
    usual = {own: spec.defaults[p] for p, own in known.items() if p in spec.defaults}
    axes = (spec.shape.low, 5 if spec.shape.high is None else spec.shape.high)
    counterpart = Counterpart(function, known, axes=axes, extra=usual, claims=claims)
    backend = kind({initializer: counterpart})
    called = getattr(getattr(function, "func", function), "__name__", type(function).__name__)
    backend.name = initializer if called == "<lambda>" else called
    if dtypes is not None:
        backend.dtypes = tuple(dtypes)
    return backend
