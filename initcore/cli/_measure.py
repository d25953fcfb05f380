"""What the demo's workers measure, and how they report it: lines of JSON behind an `@`."""

import json
from typing import Any

import numpy as np

from .. import Rng

__all__ = ["PROBES", "frame_error", "report", "seed_of"]

# Canonical kernels of the demo's networks that every framework draws, to compare them.
PROBES = (
    ("orthogonal", (3072, 768)),
    ("orthogonal", (256, 64, 3, 3)),
    ("delta_orthogonal", (128, 64, 3, 3)),
    ("he_normal", (512, 128, 3, 3)),
    ("glorot_uniform", (1000, 2048)),
)


def seed_of(path: str, seed: int = 0) -> int:
    """The seed of the parameter at `path` of a network drawn from `seed`."""
    high, low = Rng(seed).fold_in(path).key
    return int(high) << 32 | int(low)


def frame_error(w: Any) -> float:
    """`max |W W^T - I|` of a matrix `(out, fan_in)`, of its columns if it is tall."""
    w = w.reshape(w.shape[0], -1)
    w = w if w.shape[0] <= w.shape[1] else w.T
    w = np.ascontiguousarray(w, dtype=np.float32)
    return float(abs(w @ w.T - np.eye(w.shape[0], dtype=np.float32)).max())


def report(**what: Any) -> None:
    """Tell the command that started this process."""
    print("@" + json.dumps(what), flush=True)
