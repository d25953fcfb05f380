"""The frameworks' own tests of their initializers, on theirs and on ours: docs/drop_in.md.

Each test file is copied to a temporary folder and runs twice, unchanged and with ours imported
instead. What only ours fails needs a reason in own_tests_expected.txt, one a line. The files are
not part of this project: they are looked for in a folder and in the installed packages.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from initcore_conformance._id_lists import IdList
from initcore_conformance._load import KERAS_BACKENDS

PAGE = Path(__file__).parents[2] / "docs" / "drop_in.md"
EXPECTED = Path(__file__).parent / "own_tests_expected.txt"
KERAS = "keras/src/initializers/{}initializer{}_test.py"
CONFTEST = """import pytest
from keras.src.backend import backend


def skip_if_backend(name, reason):
    return pytest.mark.skipif(backend() == name, reason=reason)
"""


@dataclass(frozen=True)
class Suite:
    """Test files of a framework.

    Attributes:
        name: As on the page and in the list of expected failures.
        package: The distribution whose version counts, and that may hold the files.
        files: Their paths, by the ends.
        swap: Texts of them that stand for an import, and what stands for ours.
        only: Expression of pytest's `-k`.
        environment: What the run needs besides.
        conftest: Text of the `conftest.py` beside them.
    """

    name: str
    package: str
    files: tuple[str, ...]
    swap: tuple[tuple[str, str], ...]
    only: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    conftest: str = ""


def keras(backend: str) -> Suite:
    """Keras's tests on one of its backends."""
    names = [KERAS.format("constant_", "s"), KERAS.format("random_", "s")]
    swap = (("from keras.src import initializers\n", "import initcore_keras as initializers\n"),)
    where = {"KERAS_BACKEND": backend}
    return Suite(f"Keras on {backend}", "keras", tuple(names), swap, "", where, CONFTEST)


JAX = (
    ("import jax.numpy as jnp\n", "import jax.numpy as jnp\nimport initcore_jax\n"),
    ("nn.initializers.", "initcore_jax."),
)
TORCH = (("import torch.nn.init as init\n", "import initcore_torch as init\n"),)
SUITES = (
    Suite("PyTorch", "torch", ("test/nn/test_init.py",), TORCH, "",
          {"PYTORCH_TEST_WITH_SLOW": "1"}),
    Suite("JAX", "jax", ("tests/nn_test.py",), JAX, "NNInitializersTest"),
    Suite("JAX, x64", "jax", ("tests/nn_test.py",), JAX, "NNInitializersTest",
          {"JAX_ENABLE_X64": "1"}),
    Suite("Flax", "flax", ("tests/linen/initializers_test.py",),
          (("from flax.linen import initializers\n", "import initcore_jax as initializers\n"),)),
    Suite("Haiku", "dm-haiku", ("haiku/_src/initializers_test.py",),
          (("from haiku._src import initializers\n",
            "from tests.tools import haiku_names as initializers\n"),)),
    *map(keras, KERAS_BACKENDS),
)  # fmt: skip


@dataclass
class Comparison:
    """What became of a suite: by test, the error where it failed, empty where it passed."""

    suite: Suite
    theirs: dict[str, str]
    ours: dict[str, str]

    def reasons(self, expected: IdList) -> dict[str, str | None]:
        """Of the tests that only ours fails, why; None where nobody has said it."""
        found = {t: self.error(t) for t, error in self.theirs.items() if not error}
        return {t: expected.reason(f"{self.suite.name}::{t}::{e}") for t, e in found.items() if e}

    def error(self, test: str) -> str:
        """Ours in a test; that of the whole file where it could not be read."""
        return self.ours.get(test, next(iter(self.ours.values()), "") or "not run")


def located(suite: Suite, source: Path | None) -> list[Path]:
    """Its files, below `source` or in installed packages; none unless all are there."""
    package = find_spec(suite.files[0].partition("/")[0])
    places = [source] if source else []
    if package and package.origin and "site-packages" in package.origin:
        places.append(Path(package.origin).parents[1])
    for place in places:
        found = [next(iter(sorted(place.glob(f"{depth}{name}"))), None)
                 for name in suite.files for depth in [_depth(place, name)]]  # fmt: skip
        if all(found):
            return [path for path in found if path]
    return []


def _depth(place: Path, name: str) -> str:
    """Stars for the folders between the place and the path: at most two."""
    return next((d for d in ("", "*/", "*/*/") if any(place.glob(d + name))), "")


def swapped(text: str, suite: Suite) -> str:
    """The text of a test file with ours imported.

    Raises:
        ValueError: It does not have the import.
    """
    for theirs, ours in suite.swap:
        if theirs not in text:
            raise ValueError(f"{suite.name}: its tests have no {theirs!r} to replace.")
        text = text.replace(theirs, ours)
    return text


def outcomes(suite: Suite, texts: Mapping[str, str]) -> dict[str, str]:
    """Run test files: by test that was not skipped its error on one line, empty if it passed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text)
        (Path(folder) / "conftest.py").write_text(suite.conftest)
        (Path(folder) / "pytest.ini").write_text("[pytest]\n")
        here = [str(Path(__file__).parents[2]), *filter(None, sys.path), folder]
        where = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **suite.environment,
                 "PYTHONPATH": os.pathsep.join(dict.fromkeys(here))}  # fmt: skip
        report = Path(folder) / "report.xml"
        run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
               "-k", suite.only, f"--junitxml={report}", "-c", "pytest.ini", *texts]  # fmt: skip
        done = subprocess.run(run, cwd=folder, env=where, capture_output=True, text=True)
        if done.returncode not in (0, 1, 2) or not report.exists():
            raise RuntimeError(f"{suite.name}: its tests do not run.\n{done.stdout}{done.stderr}")
        return dict(_read(report))


def _read(report: Path) -> Iterator[tuple[str, str]]:
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag: child.get("message", "") for child in case}
        if "skipped" in kinds:
            continue
        error = kinds.get("failure", kinds.get("error"))
        if error == "collection failure":  # the last line that pytest marks is the error
            error = re.findall(r"^E +(.*)$", case.find("error").text or "", re.M)[-1]
        name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
        yield name, "" if error is None else " ".join(error.split()) or "failed"


def compared(suite: Suite, files: Sequence[Path]) -> Comparison:
    """Run its files on theirs and on ours."""
    texts = {path.name: path.read_text() for path in files}
    ours = {name: swapped(text, suite) for name, text in texts.items()}
    return Comparison(suite, outcomes(suite, texts), outcomes(suite, ours))


HEAD = """# Changing the import, tried on the frameworks' own tests

The frameworks' own tests of their initializers, run on theirs and on ours by import swap: their
files are unchanged but for the import. The right column counts the tests that theirs pass and ours
do not, by reason. Suites that could not be found are left out.

Made by `make peers SOURCE=folder`, where `folder` holds checkouts of the frameworks, on {date} with
{versions}.

| suite | tests | theirs | ours | why ours differ |
| --- | ---: | ---: | ---: | --- |
"""


def row(c: Comparison, expected: IdList) -> str:
    """Its line of the page."""
    passed = [sum(not e for e in run) for run in (c.theirs.values(), map(c.error, c.theirs))]
    counts = Counter(reason or "**unknown**" for reason in c.reasons(expected).values())
    why = "; ".join(f"{reason.rstrip('.')} ({n})" for reason, n in counts.most_common())
    return f"| {c.suite.name} | {len(c.theirs)} | {passed[0]} | {passed[1]} | {why} |\n"


def page(comparisons: Sequence[Comparison], expected: IdList, date: str) -> str:
    """The whole page."""
    packages = dict.fromkeys(c.suite.package for c in comparisons)
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    rows = "".join(row(c, expected) for c in comparisons)
    return HEAD.format(date=date, versions=versions) + rows


def main(source: Path | None) -> int:
    """Write the page; 1 if a failure is unknown or a line of the expected ones matches nothing."""
    expected, comparisons = IdList.read(EXPECTED), []
    for suite in SUITES:
        if files := located(suite, source):
            comparisons.append(compared(suite, files))
            print(row(comparisons[-1], expected), end="", flush=True)
    PAGE.write_text(page(comparisons, expected, time.strftime("%Y-%m-%d", time.gmtime())))
    unknown = [f"{c.suite.name}::{t}::{c.error(t)}" for c in comparisons
               for t, reason in c.reasons(expected).items() if reason is None]  # fmt: skip
    ran = {c.suite.name for c in comparisons}
    stale = [p for p in expected.unused if re.split("::", p)[0] in ran]
    for line in unknown:
        print(f"not expected: {line[:300]}")
    for pattern in stale:
        print(f"expected, but nothing fails so: {pattern}")
    print(PAGE)
    return int(bool(unknown or stale))
