"""`initcore hash`, `compare` and `audit`: what files of weights hold."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ..arguments import one_line
from ..diagnostics import audit as look
from ._theory import Json

__all__ = ["Tensor", "as_tensor", "register"]

Tensor = tuple[str, tuple[int, ...], bytes]
"""Dtype as safetensors name it, shape, and the numbers in little-endian bytes."""
NAMES = {"float16": "F16", "float32": "F32", "float64": "F64", "bfloat16": "BF16", "int8": "I8",
         "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16",
         "uint32": "U32", "uint64": "U64", "bool": "BOOL", "complex64": "C64"}  # fmt: skip
DTYPES = {name: dtype for dtype, name in NAMES.items()}
LONGEST = 100 << 20  # bytes of a header, as safetensors itself allows
Files = Annotated[list[Path], typer.Argument(help=".safetensors, .npz or .npy.", metavar="FILE...")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("hash")(hash_)
    app.command()(compare)
    app.command()(audit)


def hash_(files: Files, json_: Json = False) -> None:
    """One line for the weights of a file, or of the files that a checkpoint is split into.

    It depends on names, dtypes, shapes and numbers of the tensors alone: not on their order, nor on
    how they are spread over files, ranks or devices.
    """
    tensors = dict(_all(files))
    digest = hashlib.blake2b(digest_size=16)
    numbers = 0
    for name, (dtype, shape, data) in sorted(tensors.items()):
        digest.update(json.dumps([name, dtype, shape]).encode())
        digest.update(data)
        numbers += int(np.prod(shape))
    found = f"initcore weights {digest.hexdigest()}"
    if json_:
        print(json.dumps({"hash": found, "tensors": len(tensors), "numbers": numbers}))
    else:
        print(f"{found}  {len(tensors)} tensors, {numbers:,} numbers")


def audit(files: Files, json_: Json = False) -> None:
    """What weights look like: sizes, singular values, and the initializer that fits each.

    The exit status is 1 if a number is not finite or two kernels are the same.
    """
    names = {short: name for name, short in NAMES.items()}
    real = ("F16", "BF16", "F32", "F64")
    found = look(
        (path, names[tensor[0]], _numbers(tensor))
        for path, tensor in _all(files)
        if tensor[0] in real
    )
    print(json.dumps(found.to_dict()) if json_ else found)
    raise typer.Exit(1 if found.verdict else 0)


def compare(
    first: Annotated[Path, typer.Argument(help="A file of weights.")],
    second: Annotated[Path, typer.Argument(help="Another one.")],
    json_: Json = False,
) -> None:
    """Where the weights of two files differ; the exit status is 0 only if they do not."""
    a, b = dict(_all([first])), dict(_all([second]))
    lines: list[dict[str, Any]] = []
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b:
            lines.append({"name": name, "what": f"only in {first if name in a else second}"})
        elif a[name][:2] != b[name][:2]:
            one, two = (f"{t[name][0]} {list(t[name][1])}" for t in (a, b))
            lines.append({"name": name, "what": f"{one} and {two}"})
        elif a[name][2] != b[name][2]:
            x, y = _numbers(a[name]), _numbers(b[name])
            with np.errstate(invalid="ignore"):
                worst = float(np.nan_to_num(abs(x - y), nan=np.inf).max(initial=0.0))
            lines.append({"name": name, "what": f"differ by {worst:.3g} at most", "worst": worst})
    if json_:
        print(json.dumps({"same": not lines, "differences": lines}))
    else:
        for line in lines:
            print(f"{line['name']}: {line['what']}")
        same = f"the same {len(a)} tensors"
        print(f"{len(lines)} of {len(a.keys() | b.keys())} differ" if lines else same)
    raise typer.Exit(1 if lines else 0)


def _numbers(tensor: Tensor) -> Any:
    """The numbers in float64 or complex128."""
    name, shape, data = tensor
    if name == "BF16":
        wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return wide.view(np.float32).astype(np.float64).reshape(shape)
    kind = np.dtype(DTYPES[name]) if name in DTYPES else np.dtype(np.uint8)
    kind = kind.newbyteorder("<")
    found = np.frombuffer(data, kind)
    wide_kind = np.complex128 if kind.kind == "c" else np.float64
    return found.astype(wide_kind).reshape(shape if name in DTYPES else -1)


def _all(files: Sequence[Path]) -> Iterator[tuple[str, Tensor]]:
    """The tensors of all files.

    Raises:
        ValueError: A file is of another kind or damaged, or a name is in two files.
    """
    seen: dict[str, Path] = {}
    for path in files:
        try:
            if path.suffix not in READERS:
                raise ValueError(f"it is none of {', '.join(READERS)}")
            read = READERS[path.suffix]
            for name, tensor in read(path):
                if name in seen:
                    raise ValueError(f"{name!r} is in {seen[name]} too")
                seen[name] = path
                yield name, tensor
        except (ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
            raise ValueError(f"{path} cannot be read as weights: {one_line(error)}") from None


def _safetensors(path: Path) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a safetensors file: a length, a JSON header, the numbers."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(LONGEST, path.stat().st_size - 8):
            raise ValueError("its header is damaged")
        header = json.loads(file.read(length))
        begin = 8 + length
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            file.seek(begin + first)
            data = file.read(last - first)
            if len(data) != last - first:
                raise ValueError(f"the file ends within {name!r}")
            yield name, (entry["dtype"], tuple(entry["shape"]), data)


def _numpy(path: Path) -> Iterator[tuple[str, Tensor]]:
    """The arrays of an .npz file, or that of an .npy file under the file's name."""
    loaded = np.load(path, allow_pickle=False)
    arrays = loaded.items() if hasattr(loaded, "items") else [(path.stem, loaded)]
    for name, array in arrays:
        yield name, as_tensor(array)


def as_tensor(array: Any) -> Tensor:
    """An array as safetensors have it."""
    kind = array.dtype.newbyteorder("<")
    dtype = NAMES.get(array.dtype.name, array.dtype.name)
    return dtype, array.shape, np.ascontiguousarray(array, kind).tobytes()


READERS = {".safetensors": _safetensors, ".npz": _numpy, ".npy": _numpy}
