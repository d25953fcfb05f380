"""Files that name what is skipped and what is expected to fail, each with its reason."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

__all__ = ["IdList"]


@dataclass
class IdList:
    """Patterns of ids `backend::initializer::check` and reasons.

    A file has one a line, `*` standing for anything: `torch.nn.init::*::low_precision  # reason`.
    Lines that begin with `#` are comments.
    """

    entries: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: str | Path) -> "IdList":
        """The list in a file.

        Raises:
            ValueError: A line has no reason, or its id does not have three parts.
        """
        entries = {}
        for number, line in enumerate(Path(path).read_text().splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            pattern, _, reason = (part.strip() for part in text.partition("#"))
            if not reason:
                raise ValueError(f"{path}:{number} needs a reason after '#', got {text!r}.")
            if pattern.count("::") != 2:
                raise ValueError(
                    f"{path}:{number} needs backend::initializer::check, got {pattern!r}."
                )
            entries[pattern] = reason
        return cls(entries)

    def reason(self, id_: str) -> str | None:
        """The reason filed for an id, or None; the pattern counts as used from now on."""
        found = None
        for pattern, reason in self.entries.items():
            if fnmatchcase(id_, pattern):
                self.used.add(pattern)
                found = found or reason
        return found

    @property
    def unused(self) -> list[str]:
        """Patterns that have matched no id."""
        return [pattern for pattern in self.entries if pattern not in self.used]
