"""Files that the command writes are whole, or what was there stays."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from initcore.cli._files import whole


def written(path: Path, text: bytes, *, fails: bool = False) -> None:
    with whole(path) as file:
        file.write(text)
        if fails:
            raise OSError(28, "No space left on device")


def test_an_error_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "w.npy"
    with pytest.raises(OSError, match="No space"):
        written(path, b"half", fails=True)
    assert not list(tmp_path.iterdir())
    written(path, b"old")
    with pytest.raises(OSError, match="No space"):
        written(path, b"half", fails=True)
    assert path.read_bytes() == b"old"
    written(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_links_stay_links_and_modes_are_those_of_new_files(tmp_path: Path) -> None:
    target, link, plain = tmp_path / "target", tmp_path / "link", tmp_path / "plain"
    target.write_bytes(b"old")
    link.symlink_to(target)
    written(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    written(plain, b"")
    (tmp_path / "usual").touch()
    assert plain.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_device_takes_what_it_gets_and_a_folder_is_refused(tmp_path: Path) -> None:
    written(Path(os.devnull), b"anything")
    assert not Path(os.devnull).is_file()
    for folder in (tmp_path, Path()):
        with pytest.raises(IsADirectoryError, match="there is a folder"):
            written(folder, b"")
    assert not list(tmp_path.iterdir())


SMALL_DISK = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
runpy.run_module("initcore", run_name="__main__", alter_sys=True)
"""


def test_where_the_disk_is_full_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    # The limit is set by the child itself: a function run before exec would fork this process,
    # which JAX, where a test before has started it, warns of.
    def sample(size: str) -> subprocess.CompletedProcess[str]:
        words = ["sample", "normal", "--shape", size, "--out", "w.npy"]
        command = [sys.executable, "-c", SMALL_DISK, *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert sample("10,10").returncode == 0
    before = (tmp_path / "w.npy").read_bytes()
    done = sample("100,100")
    assert done.returncode == 1
    assert done.stderr.startswith("initcore: ")
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "w.npy").read_bytes() == before
    assert np.load(tmp_path / "w.npy").shape == (10, 10)
    assert [p.name for p in tmp_path.iterdir()] == ["w.npy"]
