"""What all tests and doctests run under."""

from collections.abc import Iterator

import pytest

from initcore.activations import _named, _register


@pytest.fixture(autouse=True)
def names_of_doctests(request: pytest.FixtureRequest) -> Iterator[None]:
    """An activation that a doctest registers is forgotten with the globals that it refers to."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    tables = (_named.BY_NAME, _named.BY_KEY, _register._origins)
    before = [dict(table) for table in tables]
    yield
    for table, held in zip(tables, before, strict=True):
        table.clear()
        table.update(held)
