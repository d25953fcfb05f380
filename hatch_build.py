"""Compiles the draws (initcore/random/native) when a wheel or an editable installation is built.

Where there is no C compiler, or it fails, the wheel is a pure one, and NumPy draws the same
numbers. `python hatch_build.py` compiles in place.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # compiling in place needs none
    BuildHookInterface = object

FOLDER = Path(__file__).parent / "initcore" / "random" / "native"
LIBRARY = {"win32": "stream.dll", "darwin": "stream.dylib"}.get(sys.platform, "stream.so")
# Without fused multiply-adds every processor rounds alike.
FLAGS = (
    "-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
    "-fvisibility=hidden", "-fPIC", "-shared",
)  # fmt: skip


def compiler() -> str | None:
    """The C compiler: `CC`, or what there is."""
    names = [os.environ.get("CC"), "cc", "gcc", "clang"]
    return next((name for name in names if name and shutil.which(name)), None)


def command(made: Path, *flags: str, folder: Path = FOLDER) -> list[str]:
    """What compiles the sources of `folder` into the library `made`, where there is a compiler."""
    return [compiler() or "cc", *FLAGS, *flags, "-o", str(made), str(folder / "stream.c"), "-lm"]


def compiled() -> Path | None:
    """The compiled library, made where it is not up to date; None where it cannot be made."""
    library = FOLDER / LIBRARY
    sources = sorted(FOLDER.glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    if library.exists() and digest.encode() in library.read_bytes():
        return library
    if compiler() is None:
        return None
    made = library.with_suffix(f".{os.getpid()}")
    # Several processors in one library need a compiler and a loader that know of it.
    for clones in (["-DCLONES"], []):
        words = command(made, *clones, f'-DDIGEST="{digest}"', folder=FOLDER)
        try:
            done = subprocess.run(words, capture_output=True, check=False)
        except OSError:
            return None
        if done.returncode == 0:
            made.replace(library)  # never half of one, whoever loads it meanwhile
            return library
    return None


class CompiledDraws(BuildHookInterface):  # type: ignore[misc]
    """Puts the library into the wheel, which then is for this platform, and for any Python 3."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        library = None if os.environ.get("INITCORE_PURE") else compiled()
        if library is None:
            return
        from packaging.tags import sys_tags  # hatchling needs it too

        own = ("manylinux", "musllinux")  # what a repaired wheel is called, not one just built
        platform = next(t.platform for t in sys_tags() if not t.platform.startswith(own))
        build_data["artifacts"].append(library.relative_to(Path(__file__).parent).as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"


if __name__ == "__main__":
    print(compiled() or "no C compiler: NumPy draws")
