"""Every benchmark, docs/benchmarks.md with what they print, and the ratios in the README.

    python benchmarks/all.py [NAME...] [--quick]

Each table of the page stands behind a comment with the command that prints it. That command is run
here, with this Python, and its output takes the table's place; names choose some of them. With
`--quick` they are run at their smallest size, and the page stays as it is.
"""

import datetime
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
MADE = re.compile(
    r"(<!-- made by: python benchmarks/(\w+)\.py -->\n)(.*?)(\n<!-- end -->)", re.DOTALL
)
README = HERE.parent / "README.md"
RATIOS = re.compile(
    r"(<!-- from docs/benchmarks.*?-->\n)(.*?)(\n<!-- end of the ratios)", re.DOTALL
)
SELF = Path(__file__).stem
PACKAGES = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "keras": "Keras",
            "tensorflow": "TensorFlow"}  # fmt: skip


def machine() -> str:
    """The date, the machine and the versions, in a sentence."""
    found = []
    for name, shown in PACKAGES.items():
        try:
            found.append(f"{shown} {version(name)}")
        except PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"Measured on {datetime.date.today()} on {cores} cores of {processor()}; "
        f"Python {platform.python_version()}, {', '.join(found)}."
    )


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return " and ".join(sorted(names)) or platform.machine()


def printed(name: str, quick: bool) -> str:
    """What a benchmark prints; it appears here line by line, too."""
    command = [sys.executable, str(HERE / f"{name}.py"), *(["--quick"] if quick else [])]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"{name}.py failed, with exit code {process.returncode}")
    return "".join(lines).strip()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def ratios(table: str, page: str) -> str:
    """The README's table of orthogonal matrices with the ratios of the page, size by framework."""
    head, rule, *rows = table.splitlines()
    names = [name.lower().replace("pytorch", "torch") for name in cells(head)[1:]]
    section = page.partition("## Orthogonal matrices")[2].partition("\n## ")[0]
    lines = [cells(line) for line in section.splitlines() if line.startswith("|")]
    found = {(row[0], row[1]): row[4] for row in lines if len(row) > 4}
    sizes = [cells(row)[0] for row in rows]
    new = ["| " + " | ".join([n, *(found[name, n] for name in names)]) + " |" for n in sizes]
    return "\n".join([head, rule, *new])


def main() -> None:
    quick = "--quick" in sys.argv
    page = PAGE.read_text("utf-8")
    here = [m[2] for m in MADE.finditer(page) if m[2] != SELF]
    asked = [a.removesuffix(".py") for a in sys.argv[1:] if not a.startswith("--")]
    if unknown := {*asked} - {*here}:
        raise SystemExit(f"no benchmark {', '.join(unknown)}; there are {', '.join(here)}")
    tables = {} if asked else {SELF: machine()}
    for n, name in enumerate(asked or here, 1):
        print(f"\n{n} of {len(asked or here)}: {name}\n", flush=True)
        tables[name] = printed(name, quick)
    if quick:
        return
    page = MADE.sub(lambda m: m[1] + tables.get(m[2], m[3]) + m[4], page)
    readme = README.read_text("utf-8")
    PAGE.write_text(page, "utf-8")
    README.write_text(RATIOS.sub(lambda m: m[1] + ratios(m[2], page) + m[3], readme), "utf-8")
    print(f"\nwritten to {PAGE} and {README}")


if __name__ == "__main__":
    main()
