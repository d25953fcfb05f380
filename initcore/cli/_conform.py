"""`initcore conform`: the conformance suite, where it is installed."""

import importlib

import typer

__all__ = ["register"]

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(context_settings=PASS_ON)(conform)


def conform(context: typer.Context) -> None:
    """Check initializers, these or yours, against the specification."""
    try:
        cli = importlib.import_module("initcore_conformance._cli")
    except ModuleNotFoundError as error:
        raise ImportError(
            f'conform needs {error.name}; install it with pip install "initcore[conformance]".'
        ) from None
    raise typer.Exit(cli.main(context.args))
