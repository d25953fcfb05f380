"""How reports print: on a terminal, by rich, and in a notebook."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from ._page import banner, fragment
from ._table import html, text

__all__ = ["Printed"]


class Printed:
    """A headline and a table of rows, whose first column has paths.

    Attributes:
        HEAD: Names of the columns.
        SAID: What a reader sees over each column.
        headline: One sentence; empty if there is none.
        verdict: What is wrong.
    """

    HEAD: ClassVar[tuple[str, ...]] = ()
    SAID: ClassVar[tuple[str, ...]] = ()

    @property
    def headline(self) -> str:
        """One sentence."""
        return ""

    @property
    def verdict(self) -> Sequence[str]:
        """What is wrong; empty if all is well."""
        return ()

    def rows(self) -> Sequence[tuple[str, ...]]:
        """As text."""
        raise NotImplementedError

    def pictures(self) -> str:
        """SVG for a page; empty if there is nothing to draw."""
        return ""

    def table(self) -> str:
        """The rows, for a page."""
        return html(self.HEAD, self.rows(), self.SAID)

    def __str__(self) -> str:
        top = f"{self.headline}\n\n" if self.headline else ""
        return top + text(self.HEAD, self.rows())

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        """Cut to the width of rich's console, and red where something is wrong."""
        from rich.text import Text

        if self.headline:
            yield Text(f"{self.headline}\n", "bold red" if self.verdict else "bold green")
        yield Text(text(self.HEAD, self.rows(), options.max_width), no_wrap=True)

    def _top(self) -> str:
        """What stands over the pictures."""
        return banner(self.headline, self.verdict) if self.headline else ""

    def _repr_html_(self) -> str:
        return fragment(self._top() + self.pictures() + self.table())
