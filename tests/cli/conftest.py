"""The command, called in this process."""

from tests.theory.conftest import run as run
