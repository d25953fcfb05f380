"""What a report holds of every weight or layer, by path."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ._printed import Printed

__all__ = ["ByPath", "frame"]

T = TypeVar("T")


class ByPath(Printed, Mapping[str, T]):
    """A read-only mapping from paths, in their order in the model."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, path: str) -> T:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def records(self) -> list[dict[str, Any]]:
        """What is known of each path, as flat entries by name."""
        return [{"path": path, **vars(entry)} for path, entry in self.items()]

    def to_dataframe(self) -> Any:
        """A pandas `DataFrame` with a row a path.

        Raises:
            ModuleNotFoundError: pandas is missing.
        """
        return frame(self.records()).set_index("path")


def frame(records: Any) -> Any:
    """The records, or columns by name, as a pandas `DataFrame`."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "to_dataframe needs pandas; install it with pip install pandas, or use to_dict",
            name=error.name,
        ) from None
    return pandas.DataFrame(records)
