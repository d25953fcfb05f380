"""What the suite asks of a backend: four attributes and one method."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

__all__ = [
    "LAYER_KINDS", "Backend", "LayeredBackend", "beyond", "claims", "missing_parts", "seed_bits",
    "takes_groups", "usual_dtype",
]  # fmt: skip

LAYER_KINDS = (
    "dense", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "depthwise1d", "depthwise2d",
)  # fmt: skip


@runtime_checkable
class Backend(Protocol):
    """An implementation of some of the specified initializers.

    It may say more of itself:
        `seed_bits`: Length of its seeds, if they are shorter than 64 bits.
        `claims(name, shape, dtype, parameters) -> bool`: Whether it claims to take a call, if it
            does not claim all valid ones; others are not tried.
        `beyond`: What it takes more of than the specification, as its framework does: by
            initializer, names out of "shape", "dtype", "seed" and the parameters.

    Attributes:
        name: What reports call it.
        portable: Whether the same seed is claimed to give the NumPy core's values.
        initializers: Names of `initcore.specs` it claims to implement.
        dtypes: Dtypes it claims to make, out of float16, bfloat16, float32, float64.
    """

    name: str
    portable: bool
    initializers: tuple[str, ...]
    dtypes: tuple[str, ...]

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


def missing_parts(backend: Any) -> list[str]:
    """Names of what `backend` lacks of the protocol."""
    needed = ["name", "portable", "initializers", "dtypes", "sample"]
    if getattr(backend, "layers", ()):
        needed.append("layer")
    return [part for part in needed if not hasattr(backend, part)]


def seed_bits(backend: Any) -> int:
    """Seeds of `backend` are below two to this power."""
    return int(getattr(backend, "seed_bits", 64))


def usual_dtype(backend: Any) -> str:
    """The dtype of checks that are not about dtypes: float32, if `backend` makes it."""
    made = getattr(backend, "dtypes", ()) or ("float32",)
    return "float32" if "float32" in made else str(made[0])


def takes_groups(backend: Any, kind: str) -> bool:
    """Whether its layers of this kind have groups."""
    usual = tuple(k for k in backend.layers if k != "dense" and "transpose" not in k)
    return kind in getattr(backend, "grouped_layers", usual)


def beyond(backend: Any, name: str) -> tuple[str, ...]:
    """What `backend` takes more of than the specification."""
    return tuple(getattr(backend, "beyond", {}).get(name, ()))


def claims(
    backend: Any, name: str, shape: tuple[int, ...], dtype: str, parameters: Mapping[str, Any]
) -> bool:
    """Whether `backend` claims to take this call."""
    ask = getattr(backend, "claims", None)
    return ask is None or bool(ask(name, shape, dtype, dict(parameters)))
