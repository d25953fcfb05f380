"""Files that are whole or are not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["whole"]


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of `path` once all is written.

    On an error, a full disk for example, the file at `path` stays unchanged.
    """
    if path.is_dir() or not path.name:
        raise IsADirectoryError(f"there is a folder, and no file to write, at {path}.")
    if path.exists() and not path.is_file():  # a pipe or a device takes what it gets
        with path.open("wb") as stream:
            yield stream
        return
    target = path.resolve()  # a link stays one
    part = target.with_name(f".initcore-{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
