"""The project's own files tell the truth: each fits its schema, and what it names exists.

They run elsewhere; this is what can be checked here. Every check has a file that it must reject.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.files import (
    CALLERS,
    FORMS,
    GITHUB,
    MAKEFILE,
    PROJECT,
    PROSE,
    ROOT,
    SCHEMAS,
    WORKFLOWS,
    name,
)


def misfit(path: Path, schema: str) -> str:
    """What does not fit the schema of that name, or an empty string."""
    from check_jsonschema import main
    from click.testing import CliRunner

    done = CliRunner().invoke(main, ["--builtin-schema", schema, str(path)])
    return "" if done.exit_code == 0 else done.output


@pytest.mark.parametrize("path", SCHEMAS, ids=name)
def test_files_fit_their_schemas(path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema has the schemas")
    assert not misfit(path, SCHEMAS[path])


def test_a_file_that_fits_no_schema_is_found(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema has the schemas")
    wrong = tmp_path / "ci.yml"
    wrong.write_text("on: push\njobs:\n  a:\n    steps:\n      - rum: make test\n")
    assert "rum" in misfit(wrong, "vendor.github-workflows")


def test_all_yaml_of_the_project_is_checked() -> None:
    found = {p for p in GITHUB.rglob("*") if p.suffix in (".yml", ".yaml")}
    assert found == {p for p in SCHEMAS if GITHUB in p.parents}
    assert len(WORKFLOWS) == 3
    assert len(FORMS) == 3


def test_what_is_said_to_come_with_the_source_does() -> None:
    target = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]
    absent = [n for n in target["include"] if not (ROOT / n).exists()]
    assert not absent, f"the sdist includes what is not there: {absent}"
    alone = {p.name for p in ROOT.iterdir() if p.suffix in (".md", ".cff")}
    assert alone <= set(target["include"]), "the sdist lacks a page"


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def called(text: str) -> set[str]:
    """Make targets that commands in `text` call; prose about make has none.

    >>> sorted(called("run: make lint unit X=1\\nwe make sense, `make test` is `make all`"))
    ['all', 'lint', 'test', 'unit']
    """
    commands = re.findall(r"(?:`|^\$ |run: |^exec |^ +)make ((?:[a-z-]+ ?)+)", text, re.MULTILINE)
    return {target for command in commands for target in command.split()}


@pytest.mark.parametrize("path", CALLERS, ids=name)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    unknown = called(path.read_text()) - targets()
    assert not unknown, f"{name(path)} calls make {' '.join(unknown)}; there are {targets()}"


def test_targets_are_found_where_they_are_called() -> None:
    assert {"lint", "unit", "keras", "build", "docs"} <= called(WORKFLOWS["ci.yml"].read_text())
    assert {"conform", "fuzz"} <= called(WORKFLOWS["thorough.yml"].read_text())
    assert called((ROOT / ".ci" / "run").read_text()) == {"test"}
    assert called("      - run: make everything\n") - targets() == {"everything"}


def test_phony_targets_are_those_with_a_word_of_help() -> None:
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    helped = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))
    assert phony == helped == targets()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs GNU make")
@pytest.mark.parametrize(("system", "folder"), [("", ".venv/bin/"), ("Windows_NT", "Scripts/")])
def test_make_calls_the_python_of_that_system(system: str, folder: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "-B", "lint", "build"],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "OS": system}, check=True,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if ".venv/" in line]
    called = [line for line in lines if not line.startswith(("touch", "test"))]
    assert called
    assert all(folder in line for line in called), called


def paths(text: str) -> set[str]:
    """Files and folders that `text` names in backquotes or links to."""
    quoted = re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:md|toml|txt|cff|py|yml))`", text)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)[)#]", text)
    return {*quoted, *linked}


MADE = {"docs/_build", "initcore_torch", ".venv", "out/demo.png"}  # by make


@pytest.mark.parametrize("path", PROSE, ids=name)
def test_every_file_that_is_named_exists(path: Path) -> None:
    absent = {p for p in paths(path.read_text()) - MADE if not (ROOT / p).exists()}
    assert not absent, f"{name(path)} names what is not there: {absent}"


def test_names_of_files_are_found() -> None:
    found = paths("`docs/gone.md`, [x](GONE.md#part), `constraints.txt`, `a / b`, [y](https://z)")
    assert found == {"docs/gone.md", "GONE.md", "constraints.txt"}
    assert {"docs/", "constraints.txt", "docs/extending.md"} <= paths(PROSE[0].read_text())


def test_no_file_of_the_project_names_a_host_of_packages() -> None:
    hosts = re.compile(r"https?://[\w.]*(?:pypi|pythonhosted|npmjs)[\w.]*|--(?:extra-)?index-url")
    files = [*CALLERS, *SCHEMAS, ROOT / "Makefile", ROOT / "pyproject.toml"]
    assert not [name(p) for p in files if hosts.search(p.read_text())]
    assert hosts.search("pip install --index-url x")
