"""The demo's part in JAX: a Flax vision transformer, every matrix orthogonal."""

import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

import initcore_jax as init
from initcore.cli._measure import PROBES, frame_error, report

from ._backend import backend

__all__ = ["main"]

WIDTH, HEADS, DEPTH = 768, 12, 12


class Block(nnx.Module):
    """Attention and a feed-forward network, each on a residual branch."""

    def __init__(self, kernel_init: Any, rngs: nnx.Rngs) -> None:
        how = {"kernel_init": kernel_init, "rngs": rngs}
        self.norms = nnx.List([nnx.LayerNorm(WIDTH, rngs=rngs) for _ in range(2)])
        self.attention = nnx.MultiHeadAttention(HEADS, WIDTH, decode=False, **how)
        self.up = nnx.Linear(WIDTH, 4 * WIDTH, **how)
        self.down = nnx.Linear(4 * WIDTH, WIDTH, **how)

    def __call__(self, x: Any) -> Any:
        x = x + self.attention(self.norms[0](x))
        return x + self.down(nnx.gelu(self.up(self.norms[1](x))))


class VisionTransformer(nnx.Module):
    """ViT-B/16 without its class token."""

    def __init__(self, depth: int, kernel_init: Any, rngs: nnx.Rngs) -> None:
        self.patches = nnx.Conv(3, WIDTH, (16, 16), strides=16, kernel_init=kernel_init, rngs=rngs)
        self.blocks = nnx.List([Block(kernel_init, rngs) for _ in range(depth)])
        self.head = nnx.Linear(WIDTH, 1000, kernel_init=kernel_init, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = self.patches(x)
        x = x.reshape(x.shape[0], -1, WIDTH)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(1))


def main(out: Path, small: bool) -> None:
    """Build the network, report, and leave the probes in the folder `out`."""
    spent, worst, made = 0.0, 0.0, 0
    orthogonal = init.orthogonal()
    depth = 1 if small else DEPTH
    name = "ViT-B/16, 1 block" if small else "ViT-B/16"
    total = 6 * depth + 2

    def kernel_init(key: Any, shape: Any, dtype: Any, *rest: Any) -> Any:
        nonlocal spent, worst, made
        start = time.perf_counter()
        w = orthogonal(key, shape, dtype).block_until_ready()
        spent += time.perf_counter() - start
        worst = max(worst, frame_error(np.moveaxis(np.asarray(w), -1, 0)))
        made += 1
        report(what=f"{name} in JAX", done=made, total=total)
        return w

    report(what=f"building {name} in JAX", done=0, total=total)
    start = time.perf_counter()
    model = VisionTransformer(depth, kernel_init, nnx.Rngs(0))
    built = time.perf_counter() - start
    assert model(jax.numpy.ones((1, 32, 32, 3))).shape == (1, 1000)
    count = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))
    drawn: dict[str, Any] = {
        str(i): np.asarray(backend.sample(n, s, seed=0)) for i, (n, s) in enumerate(PROBES)
    }
    np.savez(out / "jax.npz", **drawn)
    report(framework="JAX", network=name, weights=int(count), built=built,
           seconds=spent, error=worst, probes=str(out / "jax.npz"))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), "small" in sys.argv[2:])
