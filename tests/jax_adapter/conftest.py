"""What the tests of the JAX adapter run under."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.tools.quick_jax import compiled_quickly

# Of these the programs themselves matter: their rounding, what they keep in memory, their size.
OPTIMIZED = ("test_complex", "test_parts", "test_precision", "test_strict", "test_transformations")


@pytest.fixture(autouse=True, scope="module")
def compiled(request: pytest.FixtureRequest) -> Iterator[None]:
    """Programs, which are optimized where that is what a test is about."""
    name = request.module.__name__.rpartition(".")[2]
    with contextlib.nullcontext() if name in OPTIMIZED else compiled_quickly():
        yield
