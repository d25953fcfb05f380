"""The kernel of CUDA tensors, run by Triton's interpreter: the host's values to the last bit."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import math
import torch
from initcore import Rng
from initcore.random import Distribution, Window
from initcore_torch._device import launch
from initcore_torch._triton_kernel import draw

KEY = (0x9E3779B9, 7)

def by_kernel(numbers, sizes, start=0, strides=None, dtype=torch.float32):
    window = Window(sizes, start, strides)
    x = torch.empty(window.size, dtype=dtype)
    launch(draw, x, KEY, numbers, window)
    return x.reshape(sizes)

def by_host(draw, sizes, start=0, strides=None, dtype=torch.float32):
    rng = Rng.from_key(KEY, xp=torch, dtype=dtype)
    return draw(rng)(sizes, start=start, strides=strides)

N, U = Distribution.normal, Distribution.uniform
FORMS = {
    "normal": (N(-math.inf, math.inf, "float32"), lambda r: r.normal),
    "affine": (N(-math.inf, math.inf, "float32", 0.3, -1.0),
               lambda r: lambda s, **k: r.normal(s, mean=-1.0, std=0.3, **k)),
    "uniform": (U(0.0, 1.0, "float32"), lambda r: r.uniform),
    "uneven": (U(-0.3, 0.7, "float32", 1.7),
               lambda r: lambda s, **k: r.uniform(s, -0.3, 0.7, factor=1.7, **k)),
    "truncated": (N(-2.0, 2.0, "float32", 0.02, 0.5), lambda r: lambda s, **k:
                  r.truncated_normal(s, -2.0, 2.0, mean=0.5, std=0.02, **k)),
    "tails": (N(-9.0, 5.0, "float32"), lambda r: lambda s, **k:
              r.truncated_normal(s, -9.0, 5.0, **k)),
}
WINDOWS = [((2000,), 0, None), ((700,), (1 << 40) + 5, None), ((300,), (1 << 32) - 100, None),
           ((5, 6, 7), 5, (4000, 100, 3)), ((2, 3, 4, 5), 1 << 33, (5000, 700, 60, 2))]
for name, (numbers, host) in FORMS.items():
    for window in WINDOWS:
        assert torch.equal(by_kernel(numbers, *window), by_host(host, *window)), (name, window)
half = by_kernel(N(-math.inf, math.inf, "float16"), (2000,), dtype=torch.float16)
assert torch.equal(half, by_host(lambda r: r.normal, (2000,), dtype=torch.float16))
print("equal")
"""


def test_the_kernel_draws_what_the_host_draws() -> None:
    here = Path(__file__).resolve().parents[2]
    beside = Path(sys.prefix) / "triton"  # where the Makefile puts it
    if not beside.is_dir() and importlib.util.find_spec("triton") is None:
        pytest.skip("Triton has no wheel for this platform")
    paths = os.pathsep.join(map(str, (here, here / "adapters", beside)))
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False,
        env={**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": paths},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip() == "equal"
