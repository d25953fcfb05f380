"""`initialize` on whole models, against their own initialization and PyTorch's `orthogonal_`.

    python benchmarks/networks.py [--quick]

Theirs: what the model's own default takes, and `torch.nn.init.orthogonal_` on the same kernels.
Peak memory is the growth of a fresh process while a made model is initialized, in multiples of
its largest tensor; the target is 3.
"""

import os
import subprocess
import sys
import time
from typing import Any

from _measure import duel, growth, row, title

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def build(name: str, small: bool) -> tuple[Any, Any]:
    """The model and what it is called with."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, ResNetConfig
    from transformers import ResNetForImageClassification as ResNet

    if name == "GPT-2":
        return GPT2LMHeadModel(GPT2Config(n_layer=2 if small else 12)), torch.arange(8)[None]
    config = ResNetConfig(depths=[1, 1, 1, 1]) if small else ResNetConfig()
    return ResNet(config), torch.zeros(1, 3, 64, 64)


def own_and_orthogonal(name: str, small: bool) -> float:
    """Seconds of the default initialization, kernels made orthogonal by PyTorch added."""
    import torch

    start = time.perf_counter()
    model, _ = build(name, small)
    for p in model.parameters():
        if p.ndim > 1:
            torch.nn.init.orthogonal_(p)
    return time.perf_counter() - start


def peak(name: str, small: bool) -> None:
    import initcore_torch

    model, x = build(name, small)
    initcore_torch.initialize(build(name, True)[0], "orthogonal", sample_input=x)  # loads it all
    largest = max(p.numel() * p.element_size() for p in model.parameters()) / 2**20
    grown = growth(lambda: initcore_torch.initialize(model, "orthogonal", sample_input=x))
    print(f"{grown / largest:.1f}")


def main() -> None:
    small = "--quick" in sys.argv
    if "--peak" in sys.argv:
        peak(sys.argv[2], small)
        return
    import initcore_torch

    title("model", "weights", "initialize, s", "default and orthogonal_, s", "ratio",
          "of the fastest", "peak memory")  # fmt: skip
    for name in ("ResNet-50", "GPT-2"):
        model, x = build(name, small)

        def ours(model: Any = model, x: Any = x) -> None:
            initcore_torch.initialize(model, "orthogonal", sample_input=x)

        def theirs(name: str = name) -> None:
            own_and_orthogonal(name, small)

        times = duel(ours, theirs, rounds=3)
        command = [sys.executable, __file__, "--peak", name, *(["--quick"] if small else [])]
        # glibc gives each large block back: none is left from loading, to be taken uncounted.
        environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
        told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        grown = told.stdout.strip()
        count = sum(p.numel() for p in model.parameters())
        row(name, f"{count / 1e6:.0f} M", *(f"{s:.2f}" for s in times[:2]), *times.ratios, grown)


if __name__ == "__main__":
    main()
