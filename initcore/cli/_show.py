"""`initcore list`, `show` and `sample`: the specifications, and arrays made from them."""

import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from .. import Rng, Spec, specs
from ..arguments import meant, short_repr
from ..spec import Choice, Real
from ._files import whole
from ._theory import Json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("list")(list_)
    app.command()(show)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(sample)


def list_(
    markdown: Annotated[bool, typer.Option(help="As the table of the README.")] = False,
    as_json: Json = False,
) -> None:
    """All initializers, one per line."""
    if as_json:
        print(json.dumps([{"name": s.name, "statement": s.statement} for s in specs.values()]))
        return
    if markdown:
        print(markdown_table())
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("initializer", no_wrap=True, style="cyan")
    table.add_column("what it is")
    for spec in specs.values():
        table.add_row(spec.name, spec.statement)
    Console().print(table)


def markdown_table() -> str:
    """The table of all initializers in Markdown."""
    rows = ["| initializer | what it is | parameters |", "| --- | --- | --- |"]
    for spec in specs.values():
        names = ", ".join(f"`{n}`" for n in spec.parameters if n != "groups")
        rows.append(f"| `{spec.name}` | {spec.statement} | {names} |")
    return "\n".join(rows)


def show(
    name: Annotated[str, typer.Argument(help="An initializer, e.g. orthogonal.")],
    as_json: Json = False,
) -> None:
    """Statement, shapes, parameters with units, invariants and source of one initializer."""
    spec = find(name)
    if not as_json:
        print(describe(spec))
        return
    parameters = {n: {"unit": d.unit, "domain": str(d), "default": spec.defaults.get(n)}
                  for n, d in spec.parameters.items()}  # fmt: skip
    told = {"name": spec.name, "statement": spec.statement, "shape": str(spec.shape),
            "parameters": parameters, "invariants": [str(i) for i in spec.invariants],
            "source": spec.source}  # fmt: skip
    print(json.dumps(told, default=str))


def describe(spec: Spec) -> str:
    """`spec` as text."""
    lines = [spec.name, f"  {spec.statement}", "", "shape", f"  {spec.shape}", "", "parameters"]
    for name, domain in spec.parameters.items():
        default = spec.defaults.get(name, inspect.Parameter.empty)
        value = "required" if default is inspect.Parameter.empty else f"= {default!r}"
        lines.append(f"  {name} {value}: {domain.unit}; {domain}")
    if not spec.parameters:
        lines.append("  none")
    lines += ["", "invariants", *(f"  {invariant}" for invariant in spec.invariants)]
    lines += ["", "source", f"  {spec.source}"]
    return "\n".join(lines)


def find(name: str) -> Spec:
    """The spec of `name`; a `ValueError` names the nearest ones."""
    if name in specs:
        return specs[name]
    raise ValueError(f"there is no initializer {short_repr(name)}{meant(name, specs)}")


def sample(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="An initializer, e.g. orthogonal.")],
    shape: Annotated[str, typer.Option(help="Sizes (out, in, *spatial), e.g. 256,128.")],
    seed: Annotated[str, typer.Option(help="Integer, 0 <= seed < 2**64.")] = "0",
    dtype: Annotated[str, typer.Option(help="float16, bfloat16, float32 or float64.")] = "float32",
    out: Annotated[Path | None, typer.Option(help="Where to write a .npy file.")] = None,
    as_json: Json = False,
) -> None:
    """Draw one kernel: to a .npy file, or its head and statistics to the terminal.

    Parameters of the initializer are options too: `--gain 1.4142`.
    """
    spec = find(name)
    try:
        sizes = tuple(int(n) for n in shape.replace("x", ",").split(",") if n.strip())
        number = int(seed)
    except ValueError:
        raise ValueError(
            f"sample needs integers for --shape and --seed, "
            f"got {short_repr(shape)} and {short_repr(seed)}."
        ) from None
    with np.errstate(over="ignore"):  # 1e39 is inf in float32, and shown as that
        w = spec.function(Rng(number, dtype=dtype), sizes, **_parameters(spec, context.args))
    if out is not None:
        if not out.name:
            raise ValueError(
                f"sample needs the name of a file for --out, got {short_repr(str(out))}."
            )
        target = out if out.suffix == ".npy" else out.parent / f"{out.name}.npy"
        # The .npy format has no bfloat16; float32 holds each of its values.
        w = w.astype(np.float32) if str(w.dtype) == "bfloat16" else w
        with whole(target) as file:
            np.save(file, w)
        print(f"{target}: {name} {sizes}, stored as {w.dtype}, seed {number}")
        return
    a = w.astype(np.float64)
    if as_json:
        values = {"initializer": name, "shape": sizes, "dtype": str(w.dtype), "seed": number}
        print(json.dumps({**values, "values": a.tolist()}))
        return
    with np.printoptions(precision=5, threshold=40, edgeitems=3, suppress=True):
        print(a)
    if a.size:
        with np.errstate(all="ignore"):
            print(
                f"{name} {sizes} {w.dtype}, seed {number}: mean {a.mean():.4g}, std {a.std():.4g}, "
                f"min {a.min():.4g}, max {a.max():.4g}"
            )


def _parameters(spec: Spec, words: list[str]) -> dict[str, Any]:
    """`["--gain", "2"]` as `{"gain": 2.0}`."""
    found: dict[str, Any] = {}
    pending = [part for word in words for part in word.split("=", 1)]
    while pending:
        option = pending.pop(0)
        name = option.removeprefix("--").replace("-", "_")
        if not option.startswith("--") or name not in spec.parameters or not pending:
            known = ", ".join(f"--{n}" for n in spec.parameters) or "none"
            raise ValueError(
                f"{spec.name} has no option {short_repr(option)}; its parameters: {known}."
            )
        text, domain = pending.pop(0), spec.parameters[name]
        try:
            found[name] = text if isinstance(domain, Choice) else (
                float(text) if isinstance(domain, Real) else int(text))  # fmt: skip
        except ValueError:
            raise ValueError(
                f"{spec.name} needs {name} to be {domain}, got {short_repr(text)}."
            ) from None
    return found
