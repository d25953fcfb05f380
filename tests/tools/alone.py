"""Python in a process of its own: Keras and TensorFlow stay out of the process of the tests."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["alone"]

ROOT = Path(__file__).parents[2]


def alone(code: str, **variables: str) -> str:
    """What `code` prints.

    Args:
        code: Lines of Python; they can import the packages and `tests`.
        variables: Of the environment, beside those of this process.
    """
    paths = os.pathsep.join(str(ROOT / name) for name in (".", "adapters", "conformance"))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": paths, **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
