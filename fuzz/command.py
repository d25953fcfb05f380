"""Target: the `initcore` command, in this process, each word one argument."""

import contextlib
import io
import math
import os
import re
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import initcore.cli
import initcore.cli._app
import initcore.plots
import initcore.specification
import initcore_conformance._cli
from initcore_conformance._load import targets
from initcore_conformance._results import Results

from ._case import SECONDS, Finding, limited, words_of

__all__ = ["run"]

SLOW, IMPOSSIBLE = 4096, 10**13  # elements: from here, drawing takes long; from there, it fails
HEAVY = 40.0  # seconds for the spectrum of waves at a large q
WIDE = 2000  # units of a layer: from here, its law takes seconds


def run(data: bytes) -> bool:
    """Run one command line; whether it was run, rather than left out as slow or out of bounds."""
    words = words_of(data)
    if not _within_bounds(words, data):
        return False
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        status, output = _call(words)
        _judge(words, status, output, Path(folder))
    return True


def _within_bounds(words: list[str], data: bytes) -> bool:
    """No path leaves the folder, no kernel is large, networks and most pictures are left out."""
    if words[0] == "demo" or "\0" in "".join(words):
        return False  # an operating system passes no NUL
    if any(part.startswith(("/", "~")) or ".." in part for w in words for part in w.split("=")):
        return False
    if any(w.startswith("--plot") for w in words) and zlib.crc32(data) % 8:
        return False
    if words[0] == "norm-law" and any(WIDE < n < 1 << 20 for n in _numbers(words[1:2])):
        return False
    for i, word in enumerate(words):
        text = word.partition("=")[2] or (words[i + 1] if i + 1 < len(words) else "")
        if word.startswith("--shape") and SLOW < abs(_elements(text)) < IMPOSSIBLE:
            return False
    return True


def _numbers(words: list[str]) -> list[int]:
    return [int(n) for word in words for n in re.findall(r"[0-9]{1,9}", word)]


def _elements(text: str) -> int:
    try:
        return math.prod(int(n) for n in text.replace("x", ",").split(",") if n.strip())
    except ValueError:
        return 0


def _call(words: list[str]) -> tuple[int, str]:
    """Exit status and what was written to standard error."""
    out, err = io.StringIO(), io.StringIO()
    with (
        limited(HEAVY if words[0] == "spectrum" else SECONDS),
        mock.patch.object(sys, "argv", ["initcore", *words]),
        mock.patch.object(initcore_conformance._cli, "conform", _asked),
        mock.patch.dict(os.environ, {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            initcore.cli.main()
        except SystemExit as end:
            return int(end.code or 0), err.getvalue()
        except Exception as error:
            raise Finding(f"traceback: {type(error).__name__}: {str(error)[:300]}") from error
    return 0, err.getvalue()


def _asked(backends: list[str], *, profile: str, seed: int, **rest: Any) -> Results:
    """The conformance suite but for its checks, which have a suite of their own."""
    targets(backends)
    return Results(profile, seed)


def _judge(words: list[str], status: int, output: str, folder: Path) -> None:
    """The exit status, the words and the files fit together."""
    lines = output.strip().splitlines()
    files = [p for p in folder.rglob("*") if p.is_file()]
    if status == 0:
        if lines and words[0] != "conform":  # whose progress is shown there
            raise Finding(f"status 0, but it complains: {lines[0][:300]!r}")
        for path in files:
            if path.suffix == ".npy":
                np.load(path, allow_pickle=False)
        return
    if files and words[0] != "conform":  # which reports what failed
        raise Finding(f"status {status}, but it left {files[0].name}")
    if status == 2 and lines and lines[0].startswith(("Usage:", "╭─ Error")):
        return
    if words[0] == "conform" and status == 1 and not lines:
        return  # a check failed
    if status != 1 or len(lines) != 1 or len(lines[0].partition(": ")[2]) < 10:
        raise Finding(f"status {status} without one clear line: {output[:300]!r}")
    if len(lines[0]) > 2000:
        raise Finding(f"an error of {len(lines[0])} characters: {output[:300]!r}")
