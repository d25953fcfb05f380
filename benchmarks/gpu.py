"""PyTorch and JAX on a CUDA device: the CPU's values, and times against the frameworks' own.

    python benchmarks/gpu.py [--quick]

It runs from the checkout and needs no installation; where array-api-compat is missing, a wheel of
it in the folder `.whl` or `$WHEELS` is enough. Values come first, then times; each line is printed
as soon as it is known, and after seven minutes what is left is left out, by name. It exits with an
error if a value is off. Without CUDA it says so and stops.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _measure import row, title

ROOT = Path(__file__).resolve().parents[1]
WHEELS = Path(os.environ.get("WHEELS", ROOT / ".whl"))
sys.path[:0] = [str(ROOT), str(ROOT / "adapters"), *map(str, WHEELS.glob("*.whl"))]

import initcore  # noqa: E402
from initcore import Rng  # noqa: E402

START, SECONDS = time.perf_counter(), 420
QUICK = "--quick" in sys.argv
SIZES = (256,) if QUICK else (64, 256, 1024, 4096, 8192)
JAX_SIZES = (256,) if QUICK else (1024, 2048)
FILL = 1 << (20 if QUICK else 28)
CHECKED = 512 if QUICK else 2048
GPT2 = [(50257, 768), (1024, 768), *[(768, 2304), (768, 768), (768, 3072), (3072, 768)] * 12]
BAD: list[str] = []


def check(what: str, off: float, allowed: float) -> None:
    """One line of the table of values."""
    verdict = "ok" if off <= allowed else "OFF"
    if off > allowed:
        BAD.append(what)
    row(what, f"{off:.2g}", f"{allowed:.2g}", verdict)


def timed(function: Callable[[], Any], ready: Callable[[], Any], rounds: int = 5) -> float:
    """Median milliseconds, the device idle before and after."""
    function()
    ready()
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        ready()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1e3


def values(framework: str, draw: Callable[[str, tuple[int, ...]], Any]) -> None:
    """Bits exactly, normals to 2e-6, orthogonal to 2e-5, orthogonality to 1e-5."""
    rng, n = Rng(7), CHECKED
    off = draw("bits", (n, 33)).astype(np.int64) - rng.bits((n, 33)).astype(np.int64)
    check(f"{framework}: bits", float(abs(off).max()), 0)
    off = draw("normal", (n, 33)) - rng.normal((n, 33))
    check(f"{framework}: normal", float(abs(off).max()), 2e-6)
    if framework == "torch":  # the fused kernel takes the host's operations in their order
        check("torch: normal, by the kernel", float(abs(off).max()), 0)
    w = draw("orthogonal", (n, n))
    off = w - initcore.orthogonal(rng, (n, n))
    check(f"{framework}: orthogonal, n = {n}", float(abs(off).max()), 2e-5)
    gram = w.astype(np.float64) @ w.T.astype(np.float64) - np.eye(n)
    check(f"{framework}: max |W W^T - I|, n = {n}", float(abs(gram).max()), 1e-5)


def torch_device() -> str | None:
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def jax_device() -> Any:
    try:
        import jax
    except ImportError:
        return None
    return next((d for d in jax.devices() if d.platform in ("gpu", "cuda")), None)


def torch_values() -> None:
    import torch

    import initcore_torch

    torch.backends.cuda.matmul.allow_tf32 = True  # a user's setting must not reach the factors

    def draw(what: str, shape: tuple[int, ...]) -> Any:
        if what == "bits":
            words = Rng(7, xp=torch, device="cuda").bits(shape)
            return words.view(torch.int32).cpu().numpy().view(np.uint32)
        fill = getattr(initcore_torch, f"{what}_")
        return fill(torch.empty(shape, device="cuda"), seed=7).cpu().numpy()

    values("torch", draw)


def torch_times() -> None:
    import torch

    import initcore_torch

    def measure(function: Callable[[], Any]) -> tuple[float, float]:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        base = torch.cuda.memory_allocated()
        spent = timed(function, torch.cuda.synchronize)
        return spent, (torch.cuda.max_memory_allocated() - base) / 2**20

    for n in SIZES:
        if late(f"torch orthogonal_, n = {n}"):
            continue
        w = torch.empty(n, n, device="cuda")
        ours = measure(lambda w=w: initcore_torch.orthogonal_(w))
        theirs = measure(lambda w=w: torch.nn.init.orthogonal_(w))
        line(f"torch orthogonal_, n = {n}", ours, theirs, n * n * 4)
    for n in (1 << 10, 1 << 20, 1 << 24, FILL):
        w = torch.empty(n, device="cuda")
        for name in ("normal_", "uniform_", "trunc_normal_"):
            ours, theirs = (getattr(m, name) for m in (initcore_torch, torch.nn.init))
            line(f"torch {name}, {n} numbers", measure(lambda w=w, f=ours: f(w)),
                 measure(lambda w=w, f=theirs: f(w)), n * 4)  # fmt: skip
    weights = [torch.empty(shape, device="cuda") for shape in GPT2]

    def each(fill: Callable[..., Any]) -> None:
        for weight in weights:
            fill(weight, 0.0, 0.02)

    ours, theirs = (measure(lambda m=m: each(m.normal_)) for m in (initcore_torch, torch.nn.init))
    line("torch normal_, the matrices of GPT-2", ours, theirs, sum(w.numel() for w in weights) * 4)


def late(what: str) -> bool:
    """Whether there is no time left, which is printed."""
    if time.perf_counter() - START < SECONDS:
        return False
    row(what, "left out", "", "", "", "")
    return True


def line(what: str, ours: tuple[float, float], theirs: tuple[float, float], result: int) -> None:
    """One line of the table of times: memory beside the filled tensor, in multiples of it."""
    size = result / 2**20
    row(
        what, f"{ours[0]:.1f}", f"{theirs[0]:.1f}", f"{ours[0] / theirs[0]:.2f}",
        f"{ours[1] / size:.2f}", f"{theirs[1] / size:.2f}",
    )  # fmt: skip


def jax_values() -> None:
    import jax
    import jax.numpy as jnp

    import initcore_jax

    key = jax.random.wrap_key_data(jnp.array([0, 7], dtype=jnp.uint32))

    def draw(what: str, shape: tuple[int, ...]) -> Any:
        if what == "bits":
            return np.asarray(initcore_jax.rng(key).bits(shape))
        init = initcore_jax.normal(1.0) if what == "normal" else initcore_jax.orthogonal()
        return np.asarray(init(key, shape[::-1])).T

    values("jax", draw)


def jax_times() -> None:
    import jax
    import jax.numpy as jnp

    import initcore_jax

    theirs_ = jax.nn.initializers
    for what, mine, other, shapes in (
        (
            "orthogonal",
            initcore_jax.orthogonal(),
            theirs_.orthogonal(),
            [(n, n) for n in JAX_SIZES],
        ),
        ("normal", initcore_jax.normal(), theirs_.normal(), [(FILL,)]),
    ):
        for shape in shapes:
            if late(f"jax {what}, {shape}"):
                continue
            key, spent = jax.random.key(1), []
            for init in (mine, other):
                run = jax.jit(lambda k, f=init, s=shape: f(k, s, jnp.float32))
                try:
                    memory = run.lower(key).compile().memory_analysis().temp_size_in_bytes
                except (AttributeError, TypeError):
                    memory = float("nan")
                millis = timed(lambda r=run: r(key).block_until_ready(), lambda: None)
                spent.append((millis, memory / 2**20))
            size = int(np.prod(shape)) * 4
            line(f"jax {what}, {' x '.join(map(str, shape))}, jitted", *spent, size)


def main() -> None:
    cuda, gpu = torch_device(), jax_device()
    if cuda is None and gpu is None:
        print("no CUDA device is seen by PyTorch or JAX here: nothing to measure")
        return
    print(f"{time.strftime('%Y-%m-%d')}, {cuda or gpu.device_kind}\n")
    title("value", "largest difference", "allowed", "")
    if cuda:
        torch_values()
    if gpu is not None:
        jax_values()
    print()
    title("time", "initcore, ms", "its own, ms", "ratio", "extra memory", "its own")
    if cuda:
        torch_times()
    if gpu is not None:
        jax_times()
    if BAD:
        sys.exit(f"off: {', '.join(BAD)}")


if __name__ == "__main__":
    main()
