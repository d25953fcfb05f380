"""How the tests of the theory call the command."""

import sys

import pytest

from initcore.cli import main
from tests.tools.command import Done, Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process."""

    def command(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["initcore", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(ended.value.code or 0, *capsys.readouterr())

    return command
