"""The specification's pages, with the files for other languages beside them."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..spec import specs
from ._data import VERSION, as_data
from ._golden import FILE, Golden, golden
from ._schema import SCHEMA

__all__ = ["pages", "write_pages"]

INDEX = """# Specification {version}

What every initializer is, for whoever implements it: in another framework, or in another language.

- [spec.json](spec.json): everything on these pages as data; its form is
  [spec.schema.json](spec.schema.json), a JSON Schema.
- [golden.json](golden.json): {count} golden vectors: calls with their values. An implementation of
  the portable stream has uniforms and constants exactly, normals to 2e-6, sums of products to 2e-5
  of the largest entry (float64: 1e-14 and 1e-13), and half precision to one rounding more.
- [SHA256SUMS](SHA256SUMS): their checksums, for `sha256sum -c`.

An implementation with another random stream has the same invariants and other numbers. The modules
of `initcore/initializers` say which elements of the stream an initializer uses, and for what.

## Layout

Kernels are `(out, in, *spatial)`; `fan_in` is `in * prod(spatial)`, `fan_out` is
`out / groups * prod(spatial)`. With `groups = g` a kernel is `g` independent kernels stacked along
the outputs. Results in half precision are float32 results rounded once.

## Stream

{stream}

## Initializers

{table}

```{{toctree}}
:hidden:
:glob:

*
```
"""


def pages() -> dict[str, str]:
    """Names and texts of all files.

    Raises:
        ValueError: An initializer has no golden vectors yet.
    """
    data, vectors = as_data(), golden()
    found = {
        "spec.json": json.dumps(data, indent=1) + "\n",
        "spec.schema.json": json.dumps(SCHEMA, indent=1) + "\n",
        "golden.json": files(__package__).joinpath(FILE).read_text("utf-8"),
    }
    sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}" for name, text in found.items()]
    found["SHA256SUMS"] = "\n".join(sums) + "\n"
    stream = "\n".join(f"- **{name}**: {text}" for name, text in data["stream"].items())
    table = ["| initializer | what it is |", "| --- | --- |"]
    table += [
        f"| [`{name}`]({name}.md) | {specs[name].statement} |" for name in data["initializers"]
    ]
    found["index.md"] = INDEX.format(
        version=VERSION, count=len(vectors), stream=stream, table="\n".join(table)
    )
    for name, one in data["initializers"].items():
        mine = [v for v in vectors if v.initializer == name]
        if not mine:
            raise ValueError(
                f"{name} has no golden vectors; freeze them with "
                "`initcore spec --golden initcore/specification/golden.json`."
            )
        found[f"{name}.md"] = _page(name, one, mine)
    return found


def write_pages(folder: Path) -> list[Path]:
    """Write all files to `folder`, which is made if it is missing; their paths.

    Args:
        folder: Where the files go; it is made if need be.
    """
    made = pages()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in made]


def _page(name: str, one: dict[str, Any], vectors: list[Golden]) -> str:
    shape = f"{specs[name].shape}"
    parts = [f"# {name}", one["statement"], one["definition"], "## Shape", f"{shape}."]
    if one["parameters"]:
        parts += ["## Parameters", _parameters(one["parameters"])]
    parts += ["## Invariants", "\n".join(f"- {text}" for text in one["invariants"])]
    if not one["random"]:
        parts.append("The seed changes nothing.")
    parts += ["## Worked numbers", _worked(vectors[0])]
    parts += ["## Source", f"{one['source']}."]
    return "\n\n".join(filter(None, parts)) + "\n"


def _parameters(parameters: dict[str, Any]) -> str:
    rows = ["| parameter | what it is | domain | default |", "| --- | --- | --- | --- |"]
    for name, p in parameters.items():
        default = f"`{p['default']!r}`" if "default" in p else "required"
        rows.append(f"| `{name}` | {p['unit']} | {p['domain']} | {default} |")
    return "\n".join(rows)


def _worked(one: Golden) -> str:
    given = "".join(f", {name}={value!r}" for name, value in one.parameters.items())
    call = f"initcore.{one.initializer}(Rng({one.seed}, dtype={one.dtype!r}), {one.shape}{given})"
    with np.printoptions(precision=8, suppress=False, linewidth=96):
        return f"`{call}` is\n\n```text\n{one.array()}\n```"
