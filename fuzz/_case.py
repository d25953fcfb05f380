"""One input: words, a judgement, and a limit on its time."""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["SECONDS", "Finding", "cases", "judge", "limited", "to_line", "words_of"]

SECONDS = 10.0
SEEDS = Path(__file__).parent / "seeds"


class Finding(Exception):  # noqa: N818
    """The library did what it should not: neither a result nor one clear error."""


class Hang(BaseException):
    """The time of one input is over; no `except Exception` keeps it."""


def words_of(data: bytes) -> list[str]:
    """The words of an input; any bytes are one."""
    return data.decode("utf-8", "surrogateescape").split(" ")


def to_line(data: bytes) -> str:
    """The input as a line of a text file."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def cases(target: str) -> list[bytes]:
    """The inputs that are filed for a target, one a line; `#` begins a comment."""
    lines = (SEEDS / f"{target}.txt").read_text().splitlines()
    kept = (line for line in lines if line and not line.startswith("#"))
    return [line.encode("ascii").decode("unicode_escape").encode("latin-1") for line in kept]


def judge(error: BaseException) -> None:
    """A `Finding` unless the error is of a documented kind and says what is wrong in one line."""
    text = str(error).strip()
    if not isinstance(error, (TypeError, ValueError, MemoryError, OSError, ImportError)):
        raise Finding(f"{type(error).__name__} instead of a clear error: {text[:300]}") from error
    if not text or len(text.splitlines()) != 1 or len(text) > 2000:
        raise Finding(f"{type(error).__name__} that is not one line: {text[:300]!r}") from error


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """A `Finding` if the block takes more processor time; warnings are errors in it."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except Hang as hang:
        raise Finding(f"no answer in {seconds:g} seconds") from hang
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
