"""`initcore spec`: the specification as pages, data, schema and golden vectors."""

from pathlib import Path
from typing import Annotated

import typer

from ._files import whole

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(spec)


def spec(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("docs/spec"),
    golden: Annotated[
        Path | None, typer.Option(help="Add golden vectors of new initializers to this file first.")
    ] = None,
) -> None:
    """Write the specification: a page per initializer, JSON with its schema, golden vectors."""
    from ..specification import VERSION, extended, write_pages

    if golden is not None:
        with whole(golden) as file:
            file.write(extended().encode())
    print(f"specification {VERSION}: {len(write_pages(out))} files in {out}")
