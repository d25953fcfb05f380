"""One HTML page, complete in itself."""

from html import escape
from importlib.resources import files

__all__ = ["banner", "fragment", "page"]


def banner(headline: str, troubles: object) -> str:
    """The first line of a page or of a notebook's output, marked if something is wrong."""
    return f'<p class="{"bad" if troubles else "good"}" role="status">{escape(headline)}</p>'


def fragment(body: str) -> str:
    """`body` in its own style, for the output of a notebook."""
    return f'<div class="initcore"><style>{_read("page.css")}</style>{body}</div>'


def page(title: str, body: str) -> str:
    """`body` as a document that needs no other file, with tables to filter and to sort."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>:root{{color-scheme:light dark}}"
        f"body{{margin:0;background:Canvas;color:CanvasText}}{_read('page.css')}</style></head>"
        f'<body><main class="initcore whole"><h1>{escape(title)}</h1>{body}</main>'
        f"<script>{_read('page.js')}</script></body></html>\n"
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8").strip()
