"""The command `initcore conform`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from initcore.arguments import short_repr

from . import _html, _markdown
from ._id_lists import IdList
from ._results import Results
from ._suite import conform
from ._terminal import progress, show

__all__ = ["main"]


def _json(results: Results) -> str:
    return json.dumps(results.to_json(), indent=1) + "\n"


WRITERS = {".html": _html.page, ".md": _markdown.page, ".json": _json}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


# One line per paragraph: the help is wrapped to the terminal.
HELP = """Check initializers against the specification, in every backend named.

numpy, array_api_strict, torch, jax, keras, mlx are this library's own; torch.nn.init, \
jax.nn.initializers, keras.initializers the frameworks'. Yours is package.module:object, \
file.py:object, or a name in the entry point group initcore.backends.

The exit status is 0 only if every backend ran and every check passed."""


@app.command(help=HELP)
def run(
    backends: Annotated[
        list[str], typer.Argument(help="Names, package.module:object or file.py:object.")
    ],
    profile: Annotated[str, typer.Option(help="quick or thorough.")] = "quick",
    seed: Annotated[int, typer.Option(help="Seed of the search for failing cases.")] = 0,
    report: Annotated[
        list[Path] | None, typer.Option(help="Write a report: FILE.html, FILE.md or FILE.json.")
    ] = None,
    skips: Annotated[
        Path | None, typer.Option(help="File of ids not to run, each with its reason.")
    ] = None,
    xfails: Annotated[
        Path | None, typer.Option(help="File of ids expected to fail, each with its reason.")
    ] = None,
    keyword: Annotated[
        str | None, typer.Option("-k", help="Only initializers whose name contains this.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Backends at a time.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The results as JSON, as in a report FILE.json.")
    ] = False,
) -> None:
    """Run the checks, show the results and write the reports."""
    for path in report or []:
        if path.suffix not in WRITERS:
            raise ValueError(
                f"--report needs a file .html, .md or .json, got {short_repr(str(path))}."
            )
    console = Console(stderr=as_json)
    with progress(Console(stderr=True)) as update:
        results = conform(
            backends, profile=profile, seed=seed, keyword=keyword, jobs=jobs, progress=update,
            skips=IdList.read(skips).entries if skips else None,
            xfails=IdList.read(xfails).entries if xfails else None,
        )  # fmt: skip
    if as_json:
        print(_json(results), end="")
    else:
        show(results, console)
    for path in report or []:
        write(results, path)
        console.print(f"report: {path}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if results.ok else 1)


def write(results: Results, path: Path) -> None:
    """Write the report in the format of the file's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(WRITERS[path.suffix](results), "utf-8")


def main(arguments: Sequence[str], prog: str = "initcore conform") -> int:
    """Run the command; an error is one line, and the exit status is returned."""
    try:
        app(args=list(arguments), prog_name=prog, standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    except KeyboardInterrupt:
        return 130
    except (TypeError, ValueError, OSError) as error:
        Console(stderr=True).print(
            f"{prog}: {error}", markup=False, highlight=False, soft_wrap=True
        )
        return 1
    return 0
