"""The processes of torch.distributed, each a fork of one process that has imported PyTorch.

`printed` is what tests call. It starts this file as a program, which imports once and forks.
"""

import contextlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["printed"]

ROOT = Path(__file__).resolve().parents[2]


def printed(
    script: Path, ranks: int, *arguments: str, more: Mapping[str, str] | None = None
) -> list[str]:
    """What each process of a script prints. All are stopped where one fails.

    Where PyTorch has no gloo the test is skipped.

    Raises:
        AssertionError: A process failed: with what it wrote as errors.
    """
    import pytest
    import torch

    if not torch.distributed.is_available() or sys.platform != "linux":
        pytest.skip("torch.distributed with gloo is not built into this PyTorch")
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "adapters"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks),
             "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.ranks", str(ranks), str(script), *arguments],
        env={**os.environ, **world, **(more or {})}, capture_output=True, text=True, timeout=300,
        check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == ranks
    return list(found)


def run(ranks: int, script: str, arguments: Sequence[str]) -> list[str]:
    """Fork the processes and wait for them; the first that fails ends all.

    Raises:
        SystemExit: One of them failed.
    """
    if ranks > 1:
        import torch.distributed.fsdp
        import torch.distributed.pipelining
        import torch.distributed.tensor.parallel  # noqa: F401

        import initcore_torch  # noqa: F401
    running = set()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(rank)) for rank in range(ranks)]
        for rank, file in enumerate(files):
            if not (child := os.fork()):
                os._exit(_run_one(rank, file, script, arguments))
            running.add(child)
        while running:
            child, status = os.wait()
            running.discard(child)
            if status:
                for other in running:
                    os.kill(other, signal.SIGKILL)
                raise SystemExit(1)
        return [file.read_text() for file in files]


def _run_one(rank: int, file: Path, script: str, arguments: Sequence[str]) -> int:
    """Run a script as the process `rank`, which prints into `file`; its exit status."""
    os.environ["RANK"] = os.environ["LOCAL_RANK"] = str(rank)
    sys.argv, sys.path[0] = [script, *arguments], str(Path(script).parent)
    try:
        with file.open("w") as out, contextlib.redirect_stdout(out):
            runpy.run_path(script, run_name="__main__")
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        return 1
    return 0


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), sys.argv[2], sys.argv[3:])))
