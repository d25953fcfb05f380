"""`initcore init`: the weights of a model by a scheme, in a file."""

import importlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..arguments import one_line, short_repr
from ._files import whole
from ._theory import Json
from ._weights import Tensor, as_tensor

__all__ = ["register"]

# The adapter of a model, by the packages that its classes come from.
ADAPTERS = {"torch": "initcore_torch", "keras": "initcore_keras", "flax": "initcore_jax",
            "equinox": "initcore_jax", "jax": "initcore_jax"}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(init)


def init(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A folder or a config.json of transformers, a .keras file or the JSON of a Keras "
            "model, or module:callable, which is called without arguments to make a model.",
        ),
    ],
    scheme: Annotated[str, typer.Option(help="A scheme or an initializer.")] = "orthogonal",
    seed: Annotated[int, typer.Option(help="Integer, 0 <= seed < 2**64.")] = 0,
    dtype: Annotated[
        str | None, typer.Option(help="Of a model of transformers, e.g. bfloat16.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write a .safetensors file.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where to write the report, an .html file.")
    ] = None,
    json_: Json = False,
) -> None:
    """Initialize a model, write its weights, and report what each of them got."""
    if out is not None and out.suffix != ".safetensors":
        raise ValueError(f"init needs --out to end in .safetensors, got {short_repr(str(out))}.")
    adapter, given = _model(model)
    command = importlib.import_module(f"{adapter}._command")
    found, tensors, form = command.initialized(given, scheme, seed, dtype)
    if report is not None:
        found.save(report)
    if out is not None:
        about = {"format": form, "initcore": f"scheme {scheme}, seed {seed}, of {model}"}
        made = {n: t if isinstance(t, tuple) else as_tensor(t) for n, t in tensors.items()}
        write_safetensors(out, made, about)
    if json_:
        print(json.dumps(found.to_dict(), default=str))
    else:
        print(found)


def _model(text: str) -> tuple[str, Any]:
    """The adapter's package, and a model or the path of its description."""
    path = Path(text)
    if path.exists():
        told = path / "config.json" if path.is_dir() else path
        if told.suffix == ".keras":
            return "initcore_keras", told
        try:
            content = json.loads(told.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"init cannot read {told} as JSON: {one_line(error)}") from None
        if isinstance(content, dict) and "model_type" in content:
            return "initcore_torch", told
        if isinstance(content, dict) and "class_name" in content:
            return "initcore_keras", told
        raise ValueError(
            f"{told} is no configuration of transformers (no model_type), and no Keras model "
            "(no class_name)."
        )
    module, colon, name = text.partition(":")
    if not colon or not name:
        raise ValueError(
            f"init needs a file or module:callable, got {short_repr(text)}, which is neither."
        )
    sys.path.insert(0, "")
    try:
        make: Any = importlib.import_module(module)
        for part in name.split("."):
            make = getattr(make, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"init cannot find {text}: {one_line(error)}") from None
    made = make() if callable(make) and not hasattr(make, "parameters") else make
    for kind in type(made).__mro__:
        if adapter := ADAPTERS.get(kind.__module__.partition(".")[0]):
            return adapter, made
    raise ValueError(
        f"init needs {text} to make a model of PyTorch, Keras, Flax nnx or Equinox, got "
        f"{type(made).__name__}."
    )


def write_safetensors(path: Path, tensors: dict[str, Tensor], about: dict[str, str]) -> None:
    """Write tensors as a safetensors file: the length of a header, the header, the numbers."""
    header: dict[str, Any] = {"__metadata__": about}
    end = 0
    for name, (dtype, shape, data) in tensors.items():
        size = memoryview(data).nbytes
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, _, data in tensors.values():
            file.write(data)
