"""The `initcore` command."""

import sys

import typer

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def initcore() -> None:
    """Weight initializers, the same in every framework: see, sample, check."""


def main() -> None:
    """Run the command; an error is one line on standard error and exit status 1."""
    try:
        app()
    except (TypeError, ValueError, MemoryError, OSError, ImportError) as error:
        print(f"initcore: {error}", file=sys.stderr)
        sys.exit(1)
