"""The conformance suite in pytest: every check of a backend is a test.

    pytest -p initcore_conformance.plugin --conform my_package.module:backend

or, in a project's configuration,

    [tool.pytest.ini_options]
    addopts = "-p initcore_conformance.plugin"
    conform = ["my_package.module:backend"]
    conform_xfails = "tests/xfails.txt"

Tests are called `conform::backend::initializer::check`, and each can be run by that name; `-k`,
`--deselect` and `--last-failed` work. If files are named, only these run, unless `--conform` is
given.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from initcore import Spec

from ._case import Failure
from ._id_lists import IdList, names_other_backends
from ._load import known_names, load, targets
from ._results import Outcome
from ._runner import PROFILES, examine, selected
from .checks import CHECKS, Check

__all__ = ["ConformanceItem", "pytest_addoption", "pytest_collection_modifyitems"]


CHOSEN = pytest.StashKey[list[str]]()


class FailedCheckError(Exception):
    """A check has found a failing case."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class ConformanceItem(pytest.Item):
    """One check of one initializer of one backend."""

    def __init__(
        self, *, place: str, backend: Any, spec: Spec, check: Check, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.place, self.backend, self.spec, self.check = place, backend, spec, check

    def runtest(self) -> None:
        """Look for a failing case."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # backends may warn
            failure, tried = examine(
                self.check, self.backend, self.spec,
                profile=self.config.getoption("--conform-profile"),
                seed=self.config.getoption("--conform-seed"),
            )  # fmt: skip
        if failure is not None:
            raise FailedCheckError(failure)
        if not tried:
            pytest.skip("claims no such call")

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The result, what it should be, and the call; no traceback of the suite."""
        if isinstance(excinfo.value, FailedCheckError):
            failure = excinfo.value.failure
            proves = f"{self.spec.name}: {self.check.proves}"
            where = f'backend   initcore_conformance.load("{self.place}")'
            return "\n".join(filter(None, (proves, str(failure), where, failure.trace)))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int, str]:
        """The place shown in pytest's output."""
        return "conform", 0, self.name


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and their places in a configuration file."""
    group = parser.getgroup("conform", "conformance of weight initializers")
    group.addoption("--conform", action="append", default=[], metavar="BACKEND",
                    help="a backend's name or package.module:object; may be repeated")  # fmt: skip
    group.addoption("--conform-profile", choices=sorted(PROFILES), default="quick",
                    help="thorough tries ten times as many cases")  # fmt: skip
    group.addoption("--conform-seed", type=int, default=0, metavar="N",
                    help="the same seed tries the same cases")  # fmt: skip
    group.addoption("--conform-skips", metavar="FILE", help="ids not to run, with reasons")
    group.addoption("--conform-xfails", metavar="FILE", help="ids expected to fail, with reasons")
    parser.addini("conform", "backends to check", type="args", default=[])
    parser.addini("conform_skips", "file of ids not to run", default="")
    parser.addini("conform_xfails", "file of ids expected to fail", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse bad names before anything is collected, and take checks out of the list of files."""
    config.stash[CHOSEN] = [name for name in config.args if name.startswith("conform::")]
    config.args[:] = [name for name in config.args if not name.startswith("conform::")]
    try:
        targets(_names(config))
        for option in ("--conform-skips", "--conform-xfails"):
            _list(config, option)
    except (OSError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks to the tests, before any are deselected."""
    names = _names(config)
    skips, xfails = (_list(config, option) for option in ("--conform-skips", "--conform-xfails"))
    for name in names:
        try:
            backend = load(name)
        except (ImportError, TypeError, ValueError) as error:
            raise pytest.UsageError(f"--conform {name}: {error}") from None
        items += _items(session, name, backend, skips, xfails)
    if chosen := config.stash[CHOSEN]:
        if missing := set(chosen) - {item.name for item in items}:
            raise pytest.UsageError(f"there is no check {min(missing)}.")
        files = config.args
        items[:] = [i for i in items if i.name in chosen or (files and "conform::" not in i.name)]
    for given, what in ((skips, "--conform-skips"), (xfails, "--conform-xfails")):
        for pattern in given.unused if names else ():
            if names_other_backends(pattern, names, known_names()):
                continue
            warnings.warn(
                pytest.PytestConfigWarning(f"{what}: {pattern} matches nothing"), stacklevel=1
            )


def _items(
    session: pytest.Session,
    name: str,
    backend: Any,
    skips: IdList,
    xfails: IdList,
) -> Iterator[pytest.Item]:
    for spec in selected(backend, None):
        for check in CHECKS:
            id_ = Outcome(name, spec.name, check.id, "skipped").id
            item = ConformanceItem.from_parent(
                session, name=f"conform::{id_}", nodeid=f"conform::{id_}", place=name,
                backend=backend, spec=spec, check=check,
            )  # fmt: skip
            expected = xfails.reason(id_)
            why = skips.reason(id_) or check.skip(backend, spec)
            if why:
                item.add_marker(pytest.mark.skip(reason=why))
            elif expected:
                item.add_marker(pytest.mark.xfail(
                    reason=expected, strict=True, raises=FailedCheckError))  # fmt: skip
            yield item


def _names(config: pytest.Config) -> list[str]:
    """The backends to check; those of the configuration only if no single files were named."""
    files = [config.invocation_params.dir / str(a).partition("::")[0] for a in config.args]
    single = files and all(f.is_file() for f in files) and not config.stash[CHOSEN]
    usual = [] if single else config.getini("conform")
    return list(dict.fromkeys([*usual, *config.getoption("--conform")]))


def _list(config: pytest.Config, option: str) -> IdList:
    """The list in the option's file, or in that of the configuration, relative to the root."""
    path, usual = config.getoption(option), config.getini(option[2:].replace("-", "_"))
    if path or usual:
        return IdList.read(path or config.rootpath / usual)
    return IdList()
