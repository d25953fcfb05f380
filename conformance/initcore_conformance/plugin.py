"""The conformance suite inside of pytest: every check of a backend is a test.

    pytest -p initcore_conformance.plugin --conform my_package.module:backend

or, in a project's configuration,

    [tool.pytest.ini_options]
    addopts = "-p initcore_conformance.plugin"
    conform = ["my_package.module:backend"]

Tests are called `conform::backend::initializer::check`; `-k` and `--deselect` work as ever.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from initcore import Spec

from ._case import Failure
from ._lists import IdList, elsewhere
from ._load import known_names, load, targets
from ._results import Outcome
from ._runner import PROFILES, examine, selected
from .checks import CHECKS, Check

__all__ = ["ConformanceItem", "pytest_addoption", "pytest_collection_modifyitems"]


class FailedCheckError(Exception):
    """A check has found a failing case."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class ConformanceItem(pytest.Item):
    """One check of one initializer of one backend."""

    def __init__(
        self, *, backend: Any, spec: Spec, check: Check, profile: str, start: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.backend, self.spec, self.check = backend, spec, check
        self.profile, self.start = profile, start

    def runtest(self) -> None:
        """Look for a failing case."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backend's warnings are not our subject
            failure, tried = examine(
                self.check, self.backend, self.spec, profile=self.profile, seed=self.start
            )
        if failure is not None:
            raise FailedCheckError(failure)
        if not tried:
            pytest.skip("claims no such call")

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """What came out, what it should be, and the call; no traceback of ours."""
        if isinstance(excinfo.value, FailedCheckError):
            failure = excinfo.value.failure
            proves = f"{self.spec.name}: {self.check.proves}"
            return "\n".join(filter(None, (proves, str(failure), failure.trace)))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int, str]:
        """Where it is said to be."""
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


def pytest_configure(config: pytest.Config) -> None:
    """Refuse bad names before anything is collected."""
    names = [*config.getini("conform"), *config.getoption("--conform")]
    try:
        targets(names)
        for option in ("--conform-skips", "--conform-xfails"):
            _list(config, option)
    except (OSError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks to the tests, before any are deselected."""
    names = dict.fromkeys([*config.getini("conform"), *config.getoption("--conform")])
    skips, xfails = (_list(config, option) for option in ("--conform-skips", "--conform-xfails"))
    for name in names:
        try:
            backend = load(name)
        except (ImportError, TypeError, ValueError) as error:
            raise pytest.UsageError(f"--conform {name}: {error}") from None
        items += _items(session, config, name, backend, skips, xfails)
    for given, what in ((skips, "--conform-skips"), (xfails, "--conform-xfails")):
        for pattern in given.unused if names else ():
            if elsewhere(pattern, names, known_names()):
                continue
            warnings.warn(
                pytest.PytestConfigWarning(f"{what}: {pattern} matches nothing"), stacklevel=1
            )


def _items(
    session: pytest.Session,
    config: pytest.Config,
    name: str,
    backend: Any,
    skips: IdList,
    xfails: IdList,
) -> Iterator[pytest.Item]:
    for spec in selected(backend, None):
        for check in CHECKS:
            id_ = Outcome(name, spec.name, check.id, "skipped").id
            item = ConformanceItem.from_parent(
                session, name=f"conform::{id_}", nodeid=f"conform::{id_}", backend=backend,
                spec=spec, check=check, profile=config.getoption("--conform-profile"),
                start=config.getoption("--conform-seed"),
            )  # fmt: skip
            expected = xfails.reason(id_)
            why = skips.reason(id_) or check.skip(backend, spec)
            if why:
                item.add_marker(pytest.mark.skip(reason=why))
            elif expected:
                item.add_marker(pytest.mark.xfail(
                    reason=expected, strict=True, raises=FailedCheckError))  # fmt: skip
            yield item


def _list(config: pytest.Config, option: str) -> IdList:
    path = config.getoption(option)
    return IdList.read(path) if path else IdList()
