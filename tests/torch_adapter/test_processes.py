"""Several threads, several processes, and a process that allows rounded products."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import initcore_torch as init
from initcore_torch import _precision

ADAPTERS = Path(init.__file__).parents[1]
SWITCHES = {
    "all at once": lambda: torch.set_float32_matmul_precision("medium"),
    "mkldnn": lambda: setattr(torch.backends.mkldnn.matmul, "fp32_precision", "bf16"),
    "cuda": lambda: setattr(torch.backends.cuda.matmul, "fp32_precision", "tf32"),
}


@pytest.fixture
def switches() -> Iterator[None]:
    before = _precision._read()
    yield
    _precision._write(before)
    torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.skipif(not _precision.LIBRARIES, reason="PyTorch before 2.9 has one switch")
def test_rounded_products_are_kept_out_and_put_back(switch: str, switches: None) -> None:
    expected = init.orthogonal_(torch.empty(300, 300), seed=1)
    SWITCHES[switch]()
    set_by_user = _precision._read()
    assert _precision._reduces(set_by_user)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        w = init.orthogonal_(torch.empty(300, 300), seed=1)
    assert _precision._read() == set_by_user
    assert (w - expected).abs().max() < 2e-6


def test_the_last_thread_puts_rounded_products_back(switches: None) -> None:
    torch.set_float32_matmul_precision("medium")
    before, inside = _precision._read(), threading.Event()
    done = threading.Event()

    def other() -> None:
        with _precision.full_precision():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    with _precision.full_precision():
        thread.start()
        inside.wait(10)
    assert not _precision._reduces(_precision._read())  # the other thread still needs it
    done.set()
    thread.join()
    assert _precision._read() == before
    with pytest.raises(RuntimeError, match="stop"), _precision.full_precision():
        raise RuntimeError("stop")
    assert _precision._read() == before


def test_threads_at_once_fill_what_one_fills(switches: None) -> None:
    expected = [init.orthogonal_(torch.empty(150, 150), seed=s) for s in range(6)]
    torch.set_float32_matmul_precision("medium")
    found: dict[int, torch.Tensor] = {}

    def work(s: int) -> None:
        for _ in range(3):
            found[s] = init.orthogonal_(torch.empty(150, 150), seed=s)

    threads = [threading.Thread(target=work, args=(s,)) for s in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert torch.get_float32_matmul_precision() == "medium"
    assert all((found[s] - expected[s]).abs().max() < 2e-6 for s in range(6))


FORK = """
import multiprocessing, sys, torch, initcore_torch as init

def fill(seed):
    torch.set_num_threads(1)  # as PyTorch's own workers do: OpenMP does not survive a fork
    return init.orthogonal_(torch.empty(600, 600), seed=seed)

if __name__ == "__main__":
    expected = [init.orthogonal_(torch.empty(600, 600), seed=s) for s in range(2)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(fill, range(2)).get(60)
    assert all((f - e).abs().max() < 2e-6 for f, e in zip(found, expected))
    print("same")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_processes_fill_what_their_parent_fills(tmp_path: Path) -> None:
    script = tmp_path / "forks.py"
    script.write_text(FORK)
    path = os.pathsep.join([str(ADAPTERS), str(ADAPTERS.parent)])
    done = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "same", done.stderr[-2000:]
