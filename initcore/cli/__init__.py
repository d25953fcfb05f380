"""The `initcore` command."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; an error is one line on standard error and exit status 1."""
    try:
        from ._app import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        print(
            f"initcore: the command needs {error.name}; "
            'install it with pip install "initcore[cli]"',
            file=sys.stderr,
        )
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):  # in a code page of Windows letters may be missing
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except (TypeError, ValueError, MemoryError, OSError, ImportError) as error:
        print(f"initcore: {error}", file=sys.stderr)
        sys.exit(1)
