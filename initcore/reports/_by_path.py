"""What a report holds of every weight or layer, by path."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

__all__ = ["ByPath"]

T = TypeVar("T")


class ByPath(Mapping[str, T]):
    """A read-only mapping from paths, in their order in the model."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, path: str) -> T:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
