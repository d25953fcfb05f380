"""The `initcore` command, called in this process."""

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Done", "Run"]


class Done(NamedTuple):
    """What a command leaves."""

    returncode: object
    stdout: str
    stderr: str


Run = Callable[..., Done]
