"""An orthogonal kernel of JAX that eight devices share: memory, collectives and time.

    python benchmarks/scale_jax.py [--quick]

Eight virtual devices share the cores of the machine. Temporaries are what the compiled program
says, in units of a device's shard.
"""

import os
import sys
import time
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
from _measure import row, title
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import initcore_jax


def measured(init: Any, n: int, cut: PartitionSpec) -> tuple[float, int, float, float]:
    """Temporaries in shards, all-gathers, seconds to compile and to run."""
    mesh = Mesh(jax.devices(), ("all",))
    fill = jax.jit(lambda key: init(key, (n, n)), out_shardings=NamedSharding(mesh, cut))
    key = jax.random.key(0)
    start = time.perf_counter()
    program = fill.lower(key).compile()
    compiling = time.perf_counter() - start
    shard = 4 * n * n / len(jax.devices())
    text = program.as_text()
    gathers = text.count(" all-gather(") + text.count(" all-gather-start(")
    start = time.perf_counter()
    jax.block_until_ready(program(key))
    running = time.perf_counter() - start
    return program.memory_analysis().temp_size_in_bytes / shard, gathers, compiling, running


def main() -> None:
    n = 256 if "--quick" in sys.argv else 2048
    title("orthogonal", "cut along", "temporaries, x shard", "all-gathers", "compilation, s",
          "run, s")  # fmt: skip
    for name, init in (("initcore", initcore_jax.orthogonal()),
                       ("JAX's own", jax.nn.initializers.orthogonal())):  # fmt: skip
        for along, cut in (("inputs", PartitionSpec("all", None)),
                           ("outputs", PartitionSpec(None, "all"))):  # fmt: skip
            temporaries, gathers, compiling, running = measured(init, n, cut)
            row(name, along, f"{temporaries:.2f}", str(gathers), f"{compiling:.1f}",
                f"{running:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
