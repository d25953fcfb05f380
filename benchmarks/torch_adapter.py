"""initcore_torch against torch.nn.init on the CPU: time and peak memory, as a Markdown table.

    python benchmarks/torch_adapter.py [--quick]

Times are medians of runs in turn, ratios medians of the pairs; small tensors are filled up to 200
times in a run. Peak memory is the growth of a fresh
process while a tensor is filled, the tensor itself included, in multiples of it.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from _measure import duel, row, title
from _measure import growth as grown

QUICK: dict[str, list[tuple[int, ...]]] = {"orthogonal_": [(256, 256)], "normal_": [(1 << 20,)]}
SQUARES = [(n, n) for n in (4, 64, 256, 1024, 4096)]
FULL: dict[str, list[tuple[int, ...]]] = {
    "orthogonal_": [(256, 256), (1024, 1024), (2048, 2048), (4096, 1024), (1024, 4096)],
    "normal_": SQUARES,
    "uniform_": SQUARES,
    "trunc_normal_": SQUARES,
    "xavier_uniform_": SQUARES[:4],
    "kaiming_normal_": SQUARES,
    "zeros_": SQUARES,
    "eye_": SQUARES,
    "dirac_": [(n, n, 3) for n in (4, 64, 256, 1024)],
}
LIBRARIES = ("initcore_torch", "torch.nn.init")


def function(library: str, name: str) -> Callable[[Any], Any]:
    """The initializer `name` of either library."""
    import torch

    import initcore_torch

    return getattr(initcore_torch if library == LIBRARIES[0] else torch.nn.init, name)


def growth(library: str, name: str, shape: tuple[int, ...]) -> str:
    """Peak memory of one fill in multiples of the tensor, measured in a process of its own."""
    command = [sys.executable, __file__, "--growth", library, name, *map(str, shape)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def print_growth(library: str, name: str, *sizes: str) -> None:
    import torch

    from initcore.random import on_numpy

    fill = function(library, name)
    fill(torch.empty([64] * len(sizes)))  # whatever is loaded at the first call,
    with on_numpy():  # and what products of matrices keep, which compiled code does without
        fill(torch.empty([64] * len(sizes)))
    w = torch.zeros([int(n) for n in sizes]).add_(1)
    size = w.numel() * 4 / 2**20
    print(f"{(grown(lambda: fill(w)) + size) / size:.1f}")


def main() -> None:
    if "--growth" in sys.argv:
        print_growth(*sys.argv[2:])
        return
    import torch

    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    title("", "shape", "initcore, ms", "torch, ms", "ratio", "of the fastest", "initcore, peak",
          "torch, peak")  # fmt: skip
    for name, shapes in (QUICK if "--quick" in sys.argv else FULL).items():
        for shape in shapes:
            w = torch.empty(shape)
            calls = min(200, max(1, (1 << 20) // w.numel()))
            runs = [
                lambda w=w, f=f, n=calls: [f(w) for _ in range(n)]
                for f in (function(library, name) for library in LIBRARIES)
            ]
            times = duel(*runs, rounds=7)
            a, b = (seconds / calls for seconds in times[:2])
            peaks = [growth(library, name, shape) for library in LIBRARIES]
            row(
                name, " x ".join(map(str, shape)), f"{a * 1e3:.3g}", f"{b * 1e3:.3g}",
                *times.ratios, *peaks,
            )  # fmt: skip


if __name__ == "__main__":
    main()
