"""Versions stand in one place each: ours, its changelog and citation, the tools of the hooks."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import initcore
from tests.packaging.files import MAKEFILE, PROJECT, ROOT, load, name

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    source = ROOT / PROJECT["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{initcore.__version__}"' in source.read_text()
    places = (ROOT / "initcore", ROOT / "adapters", ROOT / "conformance")
    again = [
        name(path)
        for place in places
        for path in place.rglob("*.py")
        if re.search(r"^(__version__|VERSION) *[:=].*\d+\.\d+\.\d+", path.read_text(), re.MULTILINE)
    ]
    assert again == [name(source)]


def releases(changelog: str) -> dict[str, str]:
    """Date of each release in a changelog, newest first; a heading of another form is an error."""
    found: dict[str, str] = {}
    for heading in re.findall(r"^## (.*)$", changelog, re.MULTILINE):
        match = re.fullmatch(
            r"\[(?:Unreleased|(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d|not yet released))\]?", heading
        )
        assert match, f"the changelog has a heading {heading!r}"
        if match[1]:
            found[match[1]] = match[2]
    return found


def test_the_changelog_has_this_version_first() -> None:
    found = releases(CHANGELOG)
    assert next(iter(found)) == initcore.__version__
    numbers = [tuple(map(int, version.split("."))) for version in found]
    assert numbers == sorted(numbers, reverse=True)
    kinds = set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_a_heading_without_a_date_is_found() -> None:
    assert releases("## [Unreleased]\n## [1.0.0] - 2026-01-02\n") == {"1.0.0": "2026-01-02"}
    with pytest.raises(AssertionError, match="heading"):
        releases("## 1.0.0 (unreleased)\n")


def test_the_citation_is_that_of_the_version() -> None:
    citation = load(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == initcore.__version__
    date = releases(CHANGELOG)[initcore.__version__]
    assert str(citation.get("date-released", "not yet released")) == date
    assert citation["license"] == PROJECT["project"]["license"]


def test_the_citation_names_the_papers() -> None:
    papers = load(ROOT / "CITATION.cff")["references"]
    found = {(p["authors"][0]["family-names"], p["year"]) for p in papers}
    assert found == {
        ("Burkholz", 2019), ("Balduzzi", 2017), ("Pan", 2025), ("Pennington", 2017),
        ("Pennington", 2018), ("Nowak", 2024), ("Xiao", 2018), ("Saxe", 2014), ("Salmon", 2011),
    }  # fmt: skip


def test_users_see_no_tools_of_maintainers() -> None:
    extras, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    assert not extras.keys() & {"dev", "docs", "fuzz", "test"}
    used = set(re.findall(r"--group ([a-z]+)", MAKEFILE))
    assert used == groups.keys()
    installed = re.findall(r"-e '\.\[([a-z,]+)\]'", MAKEFILE)
    assert {extra for one in installed for extra in one.split(",")} <= extras.keys()
    assert installed


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().split()
    return dict(line.split("==") for line in lines)


HOOKS = load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_every_hook_calls_a_command_that_exists(hook: dict[str, Any]) -> None:
    (need,) = hook["additional_dependencies"]
    package, version = need.split("==")
    assert pins()[package] == version, "pre-commit and make have one version"
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    commands = {p.stem for p in files if p.parent.name in ("bin", "Scripts")}
    assert hook["entry"].split()[0] in commands


def test_pre_commit_takes_its_configuration(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit", reason="pre-commit checks it")
    validate = [sys.executable, "-m", "pre_commit", "validate-config"]
    good = subprocess.run(
        [*validate, ROOT / ".pre-commit-config.yaml"], capture_output=True, text=True
    )
    assert good.returncode == 0, good.stdout
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("repos:\n  - repo: local\n    hooks:\n      - id: nothing\n")
    assert subprocess.run([*validate, wrong], capture_output=True).returncode != 0
