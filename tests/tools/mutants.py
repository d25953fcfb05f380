"""A function made wrong in one place, and the test that must then fail."""

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from initcore.training import NotFiniteError

__all__ = ["Mutant", "each_is_found"]

FOUND = (AssertionError, pytest.fail.Exception, NotFiniteError)


@dataclass(frozen=True)
class Mutant:
    """The function `where`, `"module:name"` or `"module:Class.name"`, with `new` for `old`.

    Attributes:
        where: Where the function is used, if it was imported from another module.
        old: A piece of its source, which is there once.
        new: What takes its place.
        test: The test that must fail; its arguments are fixtures.
        given: Its arguments that are not.
    """

    where: str
    old: str
    new: str
    test: Callable[..., None]
    given: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.where.rpartition(':')[2]}: {' '.join(self.new.split()) or 'left out'}"

    def must_be_found(self, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> None:
        """Run the test on the wrong function; it is an error if it passes."""
        module, _, path = self.where.partition(":")
        owner: Any = import_module(module)
        *classes, name = path.split(".")
        for one in classes:
            owner = getattr(owner, one)
        right = inspect.getattr_static(owner, name)
        function = inspect.unwrap(right.fget if isinstance(right, property) else right)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.old) == 1, f"{self.old!r} is {source.count(self.old)} times there"
        made: dict[str, Any] = {}
        exec(source.replace(self.old, self.new), function.__globals__, made)
        patch.setattr(owner, name, made[name])
        given = {
            fixture: request.getfixturevalue(fixture)
            for fixture in inspect.signature(self.test).parameters
            if fixture not in dict(self.given)
        }
        with pytest.raises(FOUND):
            self.test(**given, **dict(self.given))


def each_is_found(mutants: Sequence[Mutant]) -> Callable[..., None]:
    """A test for each mutant, of its own name in the module that keeps it."""

    @pytest.mark.parametrize("mutant", mutants, ids=str)
    def test(
        mutant: Mutant, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mutant.must_be_found(request, monkeypatch)

    return test
