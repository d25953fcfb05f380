"""One HTML page, complete in itself."""

from html import escape

__all__ = ["page"]

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 80rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line);
         vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; }
tbody tr:hover { background: var(--soft); }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } img, svg { max-width: 100%; height: auto; }
.warn { color: #b30; font-weight: 600; }
"""


def page(title: str, body: str) -> str:
    """`body` as a document that needs no other file."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )
