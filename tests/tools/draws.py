"""Kernels and a whole network of each library, as a digest of all bits.

python -m tests.tools.draws LIBRARY spawn|fork    # of this process and of two others
"""

import hashlib
import multiprocessing
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from initcore import Rng, specs

__all__ = ["DRAWS"]

NAMES = ("normal", "truncated_normal", "he_uniform", "orthogonal", "conv_orthogonal", "idinit")
SHAPE = (24, 24, 3)  # of every one of them
LARGE = (300, 300)  # more than one piece


def numpy(seed: int) -> str:
    rng = Rng(seed)
    large = specs["normal"].function(rng, LARGE)
    return _digest([large, *(specs[name].function(rng, SHAPE) for name in NAMES)])


def torch(seed: int) -> str:
    import torch
    from torch import nn

    import initcore_torch as init

    torch.set_num_threads(1)  # OpenMP does not survive a fork, nor give the same sums on more
    net = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))
    init.initialize(net, "orthogonal", seed=seed)
    fills = [getattr(init, f"{name}_")(torch.empty(SHAPE), seed=seed) for name in NAMES]
    large = init.normal_(torch.empty(LARGE), seed=seed)
    return _digest(t.detach().numpy() for t in (large, *fills, *net.parameters()))


def jax(seed: int) -> str:
    import jax
    from flax import nnx

    import initcore_jax as init

    key = jax.random.key(seed)
    net = nnx.Linear(8, 4, rngs=nnx.Rngs(0))
    init.initialize(net, "orthogonal", seed=seed)
    made = [init.normal(), init.truncated_normal(), init.orthogonal(), init.he_uniform()]
    every = [*(one(key, LARGE) for one in made), *jax.tree.leaves(nnx.state(net))]
    return _digest(map(np.asarray, every))


def _digest(arrays: Iterable[Any]) -> str:
    found = hashlib.sha256()
    for w in arrays:
        found.update(np.ascontiguousarray(w).tobytes())
    return found.hexdigest()


DRAWS: dict[str, Callable[[int], str]] = {"numpy": numpy, "torch": torch, "jax": jax}

if __name__ == "__main__":
    library, how = sys.argv[1:]
    print(DRAWS[library](1))
    with multiprocessing.get_context(how).Pool(2) as pool:
        print(*pool.map_async(DRAWS[library], [1, 1], chunksize=1).get(120), sep="\n")
