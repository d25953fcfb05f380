"""Parts in compiled programs: small ones without constants, and parts that begin anywhere."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore_jax as init
from initcore_jax import Part

INDEXED = {
    "zeros": init.zeros,
    "ones": init.ones,
    "constant": init.constant(0.5),
    "identity": init.identity(2.0),
    "hadamard": init.hadamard(),
    "idinit": init.idinit(),
    "idinit, corner": init.idinit(taps="corner"),
    "idinit_zero": init.idinit_zero(),
}
HUGE = 16384


def text_of(run: Callable[..., Any], *given: Any) -> str:
    """The program, with all that it holds."""
    lowered = jax.jit(run).lower(*given)
    return str(lowered.as_text())


def program(name: str, shape: tuple[int, ...]) -> str:
    return text_of(lambda key: INDEXED[name](key, shape), jax.random.key(0))


@pytest.mark.parametrize("shape", [(HUGE, HUGE), (3, 3, 64, HUGE)])
@pytest.mark.parametrize("name", INDEXED)
def test_index_initializers_put_no_large_constants_into_programs(
    name: str, shape: tuple[int, ...]
) -> None:
    assert len(program(name, shape)) < 100_000


def test_a_constant_of_the_whole_size_is_found() -> None:
    eye = np.eye(256, dtype=np.float32) + np.arange(256)
    assert len(text_of(lambda: jnp.asarray(eye) * 2)) > 100_000


@pytest.mark.parametrize(
    "name",
    [
        *INDEXED,
        "normal",
        "he_normal",
        "glorot_uniform",
        "truncated_normal",
        "orthogonal",
        "mirrored",
    ],
)
def test_a_part_may_begin_where_only_the_running_program_knows(name: str) -> None:
    make = INDEXED.get(name) or getattr(init, name)()
    key, shape, sizes = jax.random.key(4), (6, 8), (3, 4)

    @jax.jit
    def cut(key: Any, row: Any, column: Any) -> Any:
        return make(key, sizes, part=Part(shape, (row, column)))

    whole = jax.jit(lambda key: make(key, shape))(key)
    for row, column in ((0, 0), (3, 4), (2, 3)):
        assert (cut(key, row, column) == whole[row : row + 3, column : column + 4]).all()
