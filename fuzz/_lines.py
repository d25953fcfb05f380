"""Which lines of the functions in a file a set of inputs runs through."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

__all__ = ["executable", "visited"]


def executable(path: Path) -> set[int]:
    """The lines of a file that are inside of functions."""
    whole = compile(path.read_text(), str(path), "exec")
    return {line for code in _functions(whole) for line in _lines(code)}


def _functions(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & 1:  # optimized: a function's, not a class's
                yield inner
            yield from _functions(inner)


def _lines(code: CodeType) -> Iterator[int]:
    return (line for _, _, line in code.co_lines() if line is not None and line > 0)


def visited(
    run: Callable[[bytes], object], inputs: Iterable[bytes], paths: Iterable[Path]
) -> dict[Path, set[int]]:
    """The lines of the files that `run` goes through on the inputs."""
    found: dict[str, set[int]] = {str(path): set() for path in paths}

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        lines = found.get(frame.f_code.co_filename)
        if lines is None:
            return None
        lines.add(frame.f_lineno)

        def local(frame: FrameType, event: str, argument: Any) -> Any:
            lines.add(frame.f_lineno)
            return local

        return local

    for data in inputs:
        sys.settrace(trace)
        try:
            run(data)
        except Exception:  # what it is worth is judged elsewhere
            pass
        finally:
            sys.settrace(None)
    return {Path(name): lines for name, lines in found.items()}
