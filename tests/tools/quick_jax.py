"""JAX compiling in half the time, for tests of what is computed rather than of its rounding."""

import contextlib
from collections.abc import Iterator

import jax

__all__ = ["compiled_quickly"]

OPTION = "jax_disable_most_optimizations"


@contextlib.contextmanager
def compiled_quickly() -> Iterator[None]:
    """Programs are compiled without most optimizations, and forgotten afterwards."""
    before = jax.config.read(OPTION)
    jax.config.update(OPTION, True)
    try:
        yield
    finally:
        jax.config.update(OPTION, before)
        jax.clear_caches()  # other tests compile their own
