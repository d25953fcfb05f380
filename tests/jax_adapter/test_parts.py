"""Parts in compiled programs: small ones without constants, and parts that begin anywhere."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore_jax as init
from initcore.initializers import _looped
from initcore.initializers._frames import Turned
from initcore.random import Rng
from initcore_jax import Part

pytestmark = pytest.mark.optimized

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
        error = abs(cut(key, row, column) - whole[row : row + 3, column : column + 4]).max()
        assert error <= (2e-6 if name in ("orthogonal", "mirrored") else 0)


@pytest.mark.parametrize("shape", [(400, 300), (300, 400), (300, 300), (7, 130, 65)])
def test_columns_of_a_frame_are_those_of_the_whole_wherever_they_begin(
    shape: tuple[int, ...],
) -> None:
    make, key = init.orthogonal(), jax.random.key(2)
    whole = np.asarray(make(key, shape))  # made on the host
    sizes = tuple(n // 3 for n in shape)

    @jax.jit
    def cut(key: Any, *offset: Any) -> Any:
        return make(key, sizes, part=Part(shape, offset))

    for offset in ((0,) * len(shape), tuple(n - s for n, s in zip(shape, sizes, strict=True))):
        here = Part(shape, offset).of(whole, sizes)
        assert abs(np.asarray(cut(key, *offset)) - here).max() < 5e-6
        assert abs(np.asarray(jax.jit(lambda k, o=offset: make(
            k, sizes, part=Part(shape, o)))(key)) - here).max() < 5e-6  # fmt: skip


def test_a_block_passes_over_the_panels_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    product = Turned.mul

    def counted(self: Turned, a: Any, b: Any) -> Any:
        jax.debug.callback(lambda: steps.append(1))
        return product(self, a, b)

    monkeypatch.setattr(Turned, "mul", counted)
    side = 2 * _looped.BLOCK

    @jax.jit
    def frame(word: Any) -> Any:
        return _looped.looped(
            Rng.from_key((word, word), xp=jnp), 1, side, side, 1.0, True, (0, side)
        )

    jax.block_until_ready(frame(jnp.uint32(3)))
    jax.effects_barrier()
    assert len(steps) == 3 * (_looped.PANELS + _looped.PANELS // 2)


DEVICES = """
import re, sys
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import NamedSharding, PartitionSpec as P
import initcore_jax as init
from initcore_jax import Part

assert len(jax.devices()) == 8
mesh, side = jax.make_mesh((8,), ("x",)), 2048
key, shard = jax.random.key(0), side * side * 4 / 8
COLLECTIVES = r"= \\S+ (all-gather|all-reduce|all-to-all|collective-permute)(?:-start)?\\("

def compiled(make, spec):
    return jax.jit(
        lambda key: make(key, (side, side)), out_shardings=NamedSharding(mesh, spec)
    ).lower(key).compile()

for spec in (P("x", None), P(None, "x")):
    for make in (init.normal(), init.he_uniform(), init.truncated_normal(), init.identity(),
                 init.hadamard(), init.idinit(), init.idinit_zero()):
        program = compiled(make, spec)
        assert not re.findall(COLLECTIVES, program.as_text()), (make, spec)
        assert program.memory_analysis().temp_size_in_bytes < 0.1 * shard, (make, spec)
    program = compiled(init.orthogonal(), spec)
    found = re.findall(COLLECTIVES, program.as_text())
    assert found.count("all-gather") <= 4 and len(found) <= 6, found
    assert program.memory_analysis().temp_size_in_bytes < 1.2 * shard, spec
    w = np.asarray(program(key))
    assert abs(w - np.asarray(init.orthogonal()(key, (side, side)))).max() < 5e-6

theirs = compiled(jax.nn.initializers.orthogonal(), P("x", None))
assert theirs.memory_analysis().temp_size_in_bytes > 1.2 * shard  # so the limits can be passed

for make in (init.normal(), init.orthogonal(), init.hadamard(), init.idinit()):
    def local(key):
        row = jax.lax.axis_index("x") * 8
        return make(key, (8, 48), part=Part((64, 48), (row, 0)))
    w = jax.jit(jax.shard_map(local, mesh=mesh, in_specs=P(), out_specs=P("x", None)))(key)
    assert abs(np.asarray(w) - np.asarray(make(key, (64, 48)))).max() < 2e-6, make
print("as wanted")
"""


def test_programs_for_eight_devices(tmp_path: Path) -> None:
    here = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", DEVICES], cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here / "adapters")]),
             "XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"},
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "as wanted", done.stderr[-3000:]
