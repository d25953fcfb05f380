"""Threads at once, and processes that were spawned or forked, give what one thread gives."""

import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import initcore
from initcore.activations import register
from tests.tools.draws import DRAWS

ROOT = Path(__file__).parents[2]
THREADS = 8


def at_once(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """What each thread makes of its number, all begun together; errors instead of results."""
    ready, found = threading.Barrier(threads), [None] * threads

    def run(number: int) -> None:
        ready.wait(60)
        try:
            found[number] = work(number)
        except Exception as error:
            found[number] = error  # type: ignore[call-overload]

    every = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for thread in every:
        thread.start()
    for thread in every:
        thread.join(300)
    assert not any(thread.is_alive() for thread in every)
    return found


@pytest.fixture(autouse=True)
def _eager() -> Any:
    """Threads take turns a thousand times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("library", DRAWS)
def test_threads_draw_and_initialize_what_one_does(library: str) -> None:
    needs = {"numpy": "numpy", "torch": "torch", "jax": "flax"}
    pytest.importorskip(needs[library])
    draw = DRAWS[library]
    expected = [draw(seed % 3) for seed in range(THREADS)]
    assert len(set(expected)) == 3
    assert at_once(lambda seed: draw(seed % 3)) == expected


@pytest.mark.parametrize(("library", "how"), [
    ("numpy", "spawn"), ("numpy", "fork"), ("torch", "spawn"), ("torch", "fork"),
    ("jax", "spawn"),  # JAX itself does not survive a fork
])  # fmt: skip
def test_processes_draw_the_same(library: str, how: str) -> None:
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {how}")
    pytest.importorskip({"numpy": "numpy", "torch": "torch", "jax": "flax"}[library])
    path = os.pathsep.join(str(ROOT / part) for part in (".", "adapters"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.draws", library, how], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": path}, timeout=300, check=False,
    )  # fmt: skip
    digests = done.stdout.split()
    assert len(digests) == 3, done.stderr[-2000:]
    assert set(digests) == {DRAWS[library](1)}


def overlap(context: Callable[[], Any]) -> None:
    """One thread enters, another one enters if it can, the first one leaves, and then the other."""
    entered, inside, left = (threading.Event() for _ in range(3))

    def other() -> None:
        entered.wait(60)
        with context():
            inside.set()
            left.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    with context():
        entered.set()
        inside.wait(0.5)
    left.set()
    thread.join(60)
    assert not thread.is_alive()


def test_filters_of_warnings_and_logs_are_what_they_were() -> None:
    pytest.importorskip("torch")
    from initcore_torch._warnings import filtered
    from initcore_torch.networks._trace import _quiet

    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before = list(warnings.filters), list(logger.filters), logger.disabled
    overlap(lambda: filtered("error", "There is a performance drop"))
    overlap(_quiet)
    assert (list(warnings.filters), list(logger.filters), logger.disabled) == before
    with _quiet():
        assert logger.disabled or not logger.filter(logging.makeLogRecord({}))


def test_one_thread_gets_a_name_that_several_register() -> None:
    made = [lambda x, n=n: (n + 1.0) * np.tanh(x) for n in range(THREADS)]
    for n, function in enumerate(made):
        function.__qualname__ = f"activation{n}"
    found = at_once(lambda n: register("asked_for_at_once", made[n]))
    assert sum(isinstance(one, ValueError) for one in found) == THREADS - 1
    (kept,) = (n for n, one in enumerate(found) if not isinstance(one, Exception))
    gain = initcore.gain("tanh") / (kept + 1.0)
    assert initcore.gain("asked_for_at_once") == pytest.approx(gain)
