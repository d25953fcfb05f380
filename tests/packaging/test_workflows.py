"""The workflows do what they say: who is tested where, and what a release has to pass."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.files import PROJECT, WORKFLOWS, load, name

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
SYSTEMS = ["ubuntu-latest", "macos-latest", "windows-latest"]


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in load(workflow)["jobs"].values():
        yield from job["steps"]


def test_every_python_is_tested_on_every_system() -> None:
    matrix = load(WORKFLOWS["ci.yml"])["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    assert matrix["os"] == SYSTEMS
    assert not {"include", "exclude"} & matrix.keys()
    oldest = PROJECT["project"]["requires-python"]
    assert oldest == f">={PYTHONS[0]}"


def test_a_python_number_is_text() -> None:
    # 3.10 without quotes would be 3.1.
    for path in WORKFLOWS.values():
        for step in steps(path):
            version = step.get("with", {}).get("python-version", "")
            assert isinstance(version, str), f"{path.name}: quote {version}"


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=name)
def test_commands_of_workflows_are_right_in_bash(path: Path) -> None:
    for step in steps(path):
        if "run" in step:
            script = re.sub(r"\$\{\{.*?\}\}", "x", step["run"])
            done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=name)
def test_jobs_may_do_no_more_than_they_must(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    for title, job in workflow["jobs"].items():
        assert "timeout-minutes" in job, f"{title} may run for hours"
        checkouts = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
        assert all(s["with"]["persist-credentials"] is False for s in checkouts)
    granted = {
        title: job["permissions"] for title, job in workflow["jobs"].items() if "permissions" in job
    }
    publishing = {"publish": {"id-token": "write"}, "attach": {"contents": "write"}}
    assert granted == (publishing if path.name == "release.yml" else {})


def test_a_release_is_built_checked_published_and_attached_in_this_order() -> None:
    workflow = load(WORKFLOWS["release.yml"])
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 takes `on` for a truth value
    jobs = workflow["jobs"]
    assert list(jobs) == ["build", "wheels", "publish", "attach"]
    assert (jobs["publish"]["needs"], jobs["attach"]["needs"]) == (["build", "wheels"], "publish")
    (publish,) = (s for s in jobs["publish"]["steps"] if "publish" in s["uses"])
    assert publish["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert "with" not in publish, "trusted publishing needs no password"


def script(title: str) -> str:
    (found,) = (s["run"] for s in steps(WORKFLOWS["release.yml"]) if s.get("name") == title)
    return str(found)


def succeeds(command: str, folder: Path, tag: str) -> bool:
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    env = {**os.environ, "GITHUB_REF_NAME": tag}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True).returncode == 0


def test_a_tag_that_is_not_the_version_stops_the_release(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "initcore-1.2.0.tar.gz").touch()
    command = script("The tag is the version")
    assert not succeeds(command, tmp_path, "v1.2.0")
    (tmp_path / "dist" / "initcore-1.2.0-py3-none-any.whl").touch()
    assert succeeds(command, tmp_path, "v1.2.0")
    assert not succeeds(command, tmp_path, "v1.2.1")


def test_the_notes_of_a_release_are_its_section_of_the_changelog(tmp_path: Path) -> None:
    command = script("The changelog has this release, with its date")
    log = "## [Unreleased]\n- a\n## [1.2.0] - 2026-01-02\n- b\n## [1.1.0] - 2025-01-02\n- c\n"
    (tmp_path / "CHANGELOG.md").write_text(log)
    assert succeeds(command, tmp_path, "v1.2.0")
    assert (tmp_path / "notes.md").read_text().strip() == "- b"
    assert not succeeds(command, tmp_path, "v1.3.0")
    (tmp_path / "CHANGELOG.md").write_text(log.replace("2026-01-02", "not yet released"))
    assert not succeeds(command, tmp_path, "v1.2.0")
