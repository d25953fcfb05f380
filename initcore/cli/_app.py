"""The application: each chapter of commands registers its own."""

import typer

from . import _conform, _demo, _init, _show, _spec, _theory, _weights

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def initcore() -> None:
    """Weight initializers, the same in every framework: see, sample, check.

    `initcore --install-completion` teaches your shell to complete these commands with the tab key.
    """


_show.register(app)
_theory.register(app)
_spec.register(app)
_conform.register(app)
_init.register(app)
_weights.register(app)
_demo.register(app)
