"""How JAX compiles in tests."""

from collections.abc import Iterator

import pytest

OPTION = "jax_disable_most_optimizations"  # which `make test` sets: half the time to compile


@pytest.fixture(scope="module")
def optimized() -> Iterator[None]:
    """JAX's programs as users have them, for tests of their rounding, memory or text."""
    import jax

    before = jax.config.read(OPTION)
    if before:
        jax.clear_caches()
    jax.config.update(OPTION, False)
    try:
        yield
    finally:
        jax.config.update(OPTION, before)
