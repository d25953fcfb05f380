"""PyTorch and JAX on a CUDA device: the CPU's values, and times against the frameworks' own.

    python benchmarks/gpu.py [--quick]

Prints Markdown tables; exits with an error if a value is off. Without CUDA it says so and stops.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _measure import row, title

import initcore
from initcore import Rng

QUICK = "--quick" in sys.argv
SIZES = (256,) if QUICK else (1024, 4096, 8192)
FILL = 1 << (20 if QUICK else 28)
CHECKED = 512 if QUICK else 4096
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
        w = torch.empty(n, n, device="cuda")
        ours = measure(lambda w=w: initcore_torch.orthogonal_(w))
        theirs = measure(lambda w=w: torch.nn.init.orthogonal_(w))
        line(f"torch orthogonal_, n = {n}", ours, theirs, n * n * 4)
    w = torch.empty(FILL, device="cuda")
    ours = measure(lambda: initcore_torch.normal_(w))
    theirs = measure(lambda: torch.nn.init.normal_(w))
    line(f"torch normal_, {FILL} numbers", ours, theirs, FILL * 4)


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
        ("orthogonal", initcore_jax.orthogonal(), theirs_.orthogonal(), [(n, n) for n in SIZES]),
        ("normal", initcore_jax.normal(), theirs_.normal(), [(FILL,)]),
    ):
        for shape in shapes:
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
