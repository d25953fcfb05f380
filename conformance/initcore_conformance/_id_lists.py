"""Files of the ids of checks that are skipped or expected to fail, with reasons."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path

from initcore.arguments import short_repr

__all__ = ["IdList", "names_other_backends", "upstream"]


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
            ValueError: It is not text, a line has no reason, or its id does not have three parts.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{path} needs to be a text file in UTF-8.") from None
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, path: str | Path) -> "IdList":
        """The list in the text of a file of this name."""
        entries = {}
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            pattern, _, reason = (part.strip() for part in line.partition("#"))
            if not reason:
                raise ValueError(
                    f"{path}:{number} needs a reason after '#', got {short_repr(line)}."
                )
            if pattern.count("::") != 2:
                raise ValueError(
                    f"{path}:{number} needs backend::initializer::check, got {short_repr(pattern)}."
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


def names_other_backends(pattern: str, backends: Iterable[str], known: Iterable[str]) -> bool:
    """Whether a pattern names backends of the suite, none of which is among `backends`."""
    name = pattern.split("::")[0]
    here = any(fnmatchcase(backend, name) for backend in backends)
    return not here and any(fnmatchcase(backend, name) for backend in known)


@cache
def upstream() -> IdList:
    """Known failures of the frameworks' own initializers, with links to their issues."""
    file = files(__package__) / "upstream.txt"
    return IdList.parse(file.read_text("utf-8"), str(file))
