"""What is filed under a name, here or by other packages."""

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from ._entry_points import load_entry_points

__all__ = ["ByName"]


class _Entry(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def origin(self) -> str: ...


T = TypeVar("T", bound=_Entry)


class ByName(Mapping[str, T]):
    """Entries by name, in alphabetical order.

    Those of other packages come in through an entry point group, whose modules are imported the
    first time that all are listed or an unknown name is looked up.

    Args:
        group: The entry point group.
        what: What the entries are, for error texts.
    """

    def __init__(self, group: str, what: str) -> None:
        self._group, self._what = group, what
        self._filed: dict[str, T] = {}

    def file(self, entry: T) -> None:
        """Add an entry; a `ValueError` if its name belongs to another function."""
        before = self._filed.setdefault(entry.name, entry)  # at once: threads may file one name
        if before.origin != entry.origin:
            raise ValueError(
                f"the name {entry.name} of {entry.origin} belongs to {before.origin}: choose "
                "another."
            )
        self._filed[entry.name] = entry

    def filed(self, name: str) -> T | None:
        """The entry of that name, None if no module imported so far has filed one."""
        return self._filed.get(name)

    def __getitem__(self, name: str) -> T:
        if name not in self._filed:
            load_entry_points(self._group)
        return self._filed[name]

    def __iter__(self) -> Iterator[str]:
        load_entry_points(self._group)
        return iter(sorted(self._filed))

    def __len__(self) -> int:
        load_entry_points(self._group)
        return len(self._filed)

    def __repr__(self) -> str:
        return f"<{self._what} {', '.join(self)}>"
