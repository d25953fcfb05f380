"""The protocol of a backend: two attributes, a method, and defaults for all else."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from initcore.arguments import short_repr
from initcore.arrays import COMPLEX, REAL

from ._signatures import required, takes

__all__ = [
    "DTYPES", "LAYER_KINDS", "Backend", "LayeredBackend", "as_backend", "beyond", "claims",
    "complex_dtypes", "differs", "dtypes", "is_portable", "layers", "makes_parts", "replaces",
    "seed_bits", "takes_groups", "usual_dtype",
]  # fmt: skip

DTYPES = (*REAL, *COMPLEX)
LAYER_KINDS = (
    "dense", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "depthwise1d", "depthwise2d",
)  # fmt: skip


@runtime_checkable
class Backend(Protocol):
    """An implementation of some of the specified initializers.

    Attributes:
        name: Its name in reports.
        initializers: Names of `initcore.specs` that it claims to implement.

    A backend may have more attributes. Without them it claims less:

    - `portable`: Whether the same seed gives the NumPy core's values; False by default.
    - `dtypes`: The dtypes it makes, out of `DTYPES`; float32 alone by default.
    - `claims(name, shape, dtype, parameters) -> bool`: Whether it takes a call; other calls are
      not tried. By default it takes all parameters in the signature of `sample`.
    - `seed_bits`: Length of its seeds; 64 by default.
    - `beyond`: Arguments of which it takes more than the specification, as its framework does:
      by initializer, names out of "shape", "dtype", "seed" and the parameters.
    - `sample_part(name, shape, part, /, *, seed, dtype, **parameters)`: Makes the rectangle `part`
      of a larger kernel alone; `part` is an `initcore.Part`.
    - `replaces` and `namespace`: The module of a framework's initializers, such as
      "torch.nn.init", and the module or object that has the same names in its place.
    - `differs(name, shape, dtype, arguments) -> bool`: Whether a call of a name differs from
      the framework's on purpose; such calls are not compared. No call does by default.
    - `layers` and `layer`: See `LayeredBackend`; no layers by default.
    """

    name: str
    initializers: tuple[str, ...]

    def sample(
        self,
        name: str,
        shape: tuple[int, ...],
        *,
        seed: int,
        dtype: str = "float32",
        **parameters: Any,
    ) -> Any:
        """The kernel of initializer `name`, as an array of NumPy or of the framework.

        Args:
            name: One of `initializers`.
            shape: Canonical shape `(out, in, *spatial)`, which is also the result's; `out` counts
                the outputs of all groups.
            seed: Integer, `0 <= seed < 2**64`.
            dtype: One of `dtypes`.
            parameters: By the core's names, `groups` among them.

        Raises:
            TypeError: An argument is of the wrong type, or a parameter unknown.
            ValueError: An argument is outside its domain.
        """


@runtime_checkable
class LayeredBackend(Backend, Protocol):
    """A backend that can also put an initializer into its framework's real layers.

    Attributes:
        layers: The kinds it can build, out of `LAYER_KINDS`.

    `grouped_layers` are those that take groups; without it, all but the transposed ones.
    """

    layers: tuple[str, ...]

    def layer(
        self,
        kind: str,
        name: str,
        shape: tuple[int, ...],
        *,
        seed: int,
        dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:
        """The forward pass of a layer without bias, its kernel initialised in place.

        It takes a NumPy array `(batch, groups * in, *image)` and returns one
        `(batch, out, *image)`. Convolutions have stride 1 and zero padding "same": `(k - 1) // 2`
        pixels before, the rest after; transposed ones stride 1, "same" and odd kernels.
        """


def as_backend(found: Any, what: str | None = None) -> Any:
    """The backend that `found` is, or that it makes when it is called without arguments.

    Args:
        found: A backend, a class of backends, or a function that returns one.
        what: What error texts call it.

    Raises:
        TypeError: It does not follow the protocol.
        ValueError: It claims dtypes or layers that there are not.
    """
    what = what or short_repr(found)
    if callable(found) and (isinstance(found, type) or _missing(found)):
        if needs := required(found):
            raise TypeError(
                f"{what} is a function of ({', '.join(needs)}), not a backend; make it one "
                "with of_numpy, of_torch, of_jax or of_keras of initcore_conformance."
            )
        found = found()
    if missing := _missing(found):
        raise TypeError(
            f"{what} needs name, initializers and sample to be a backend, and layer if it has "
            f"layers; it is {_a(found)} without {', '.join(missing)}."
        )
    if isinstance(found.initializers, str):
        raise TypeError(f"{what} needs a sequence of initializers, got {found.initializers!r}.")
    for claimed, known in ((_claimed(found), DTYPES), (layers(found), LAYER_KINDS)):
        if unknown := [name for name in claimed if name not in known]:
            raise ValueError(f"{what} claims {unknown[0]!r}; there are {', '.join(known)}.")
    return found


def _a(found: Any) -> str:
    name = type(found).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _missing(backend: Any) -> list[str]:
    """Names of the parts of the protocol that `backend` lacks."""
    needed = ["name", "initializers", "sample", *(["layer"] if layers(backend) else [])]
    return [part for part in needed if not hasattr(backend, part)]


def is_portable(backend: Any) -> bool:
    """Whether `backend` claims the NumPy core's values for the same seed."""
    return bool(getattr(backend, "portable", False))


def dtypes(backend: Any) -> tuple[str, ...]:
    """The real dtypes that `backend` claims to make."""
    return tuple(d for d in _claimed(backend) if d not in COMPLEX) or ("float32",)


def complex_dtypes(backend: Any) -> tuple[str, ...]:
    """The complex dtypes that `backend` claims to make."""
    return tuple(d for d in _claimed(backend) if d in COMPLEX)


def makes_parts(backend: Any) -> bool:
    """Whether `backend` makes parts of kernels."""
    return callable(getattr(backend, "sample_part", None))


def _claimed(backend: Any) -> tuple[str, ...]:
    return tuple(getattr(backend, "dtypes", ()))


def usual_dtype(backend: Any) -> str:
    """The dtype of checks that are not about dtypes: float32, if `backend` makes it."""
    made = dtypes(backend)
    return "float32" if "float32" in made else made[0]


def seed_bits(backend: Any) -> int:
    """Seeds of `backend` are below two to this power."""
    return int(getattr(backend, "seed_bits", 64))


def layers(backend: Any) -> tuple[str, ...]:
    """The kinds of layers that `backend` can build."""
    return tuple(getattr(backend, "layers", ()))


def takes_groups(backend: Any, kind: str) -> bool:
    """Whether its layers of this kind have groups."""
    usual = tuple(k for k in layers(backend) if k != "dense" and "transpose" not in k)
    return kind in getattr(backend, "grouped_layers", usual)


def beyond(backend: Any, name: str) -> tuple[str, ...]:
    """The arguments of which `backend` takes more than the specification."""
    return tuple(getattr(backend, "beyond", {}).get(name, ()))


def claims(
    backend: Any, name: str, shape: tuple[int, ...], dtype: str, parameters: Mapping[str, Any]
) -> bool:
    """Whether `backend` claims to take this call."""
    ask = getattr(backend, "claims", None)
    if ask is None:
        return all(takes(backend.sample, parameter) for parameter in parameters)
    return bool(ask(name, shape, dtype, dict(parameters)))


def replaces(backend: Any) -> str:
    """The module of a framework whose names `backend` takes over, or an empty text."""
    return str(getattr(backend, "replaces", ""))


def differs(
    backend: Any, name: str, shape: tuple[int, ...], dtype: str, arguments: Mapping[str, Any]
) -> bool:
    """Whether `backend` answers a call of the framework's `name` in its own way."""
    ask = getattr(backend, "differs", None)
    return ask is not None and bool(ask(name, shape, dtype, dict(arguments)))
