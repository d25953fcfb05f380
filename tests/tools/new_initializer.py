"""Start a new initializer of the core.

    make new-initializer NAME=reflection

writes `initcore/initializers/_reflection.py`, exports it from the core, and prints what is left to
write. It changes nothing if the name is taken or is no name.
"""

import keyword
import re
import sys
from pathlib import Path

from tests.tools.imports import ROOT

__all__ = ["main"]

CORE = '''"""Say in one line what idea this file holds."""

from ..arrays import Array
from ..invariants import Isometry
from ..random import Rng
from ..spec import Real, ShapeRule, initializer

__all__ = ["{name}"]


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={{"gain": Real("singular value", low=0.0)}},
    invariants=(Isometry(),),
    source="Authors, venue, year",
)
def {name}(rng: Rng[Array], shape: tuple[int, ...], /, *, gain: float = 1.0) -> Array:
    """Kernel whose ... : one line, a property that could be tested.

    >>> {name}(Rng(0), (3, 4)).shape
    (3, 4)
    """
    raise NotImplementedError("draw with rng, compute with rng.xp, return an array of shape")
'''
LEFT = """\
{file} is exported from the core. Left to write:

  1. {file}: the function, its invariants, its source
  2. adapters/initcore_torch/_structured.py (and its export in __init__.py):
         def {name}_(tensor: Tensor, gain: float = 1.0, ...) -> Tensor:
             return fill("{name}", tensor, {{"gain": gain}}, ...)
  3. adapters/initcore_jax/_structured.py (and its export): def {name}(scale: ...) -> Initializer
  4. adapters/initcore_keras/_structured.py (and its export): class {camel}
  5. adapters/initcore_mlx/_initializers.py (and its export):
         {name} = lifted(initializers.{name})
  6. tests/torch_adapter/test_signatures.py: its signature
  7. tests/conformance/zoo: a wrong twin, filed with @fault("{name}", ...)
  8. CHANGELOG.md: a line

Then run

    initcore spec --golden initcore/specification/golden.json     # freezes its golden vectors
    initcore list --markdown                                      # the README's table
    initcore conform numpy torch jax keras -k {name}
    make test                                                     # says what is missing
"""


def main(name: str, root: Path = ROOT) -> None:
    """Write the files and print what is left.

    Raises:
        ValueError: The name is no Python name in lower case, or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(f"new-initializer needs NAME to be a name like reflection, got {name!r}.")
    faces = [root / "initcore" / "initializers" / "__init__.py", root / "initcore" / "__init__.py"]
    texts = [face.read_text() for face in faces]
    file = root / "initcore" / "initializers" / f"_{name}.py"
    if file.exists() or any(f" as {name}\n" in text for text in texts):
        raise ValueError(f"the name {name} is taken.")
    lines = (
        f"from ._{name} import {name} as {name}",
        f"from .initializers import {name} as {name}",
    )
    changed = [_with(text, line) for text, line in zip(texts, lines, strict=True)]
    file.write_text(CORE.format(name=name))
    for face, text in zip(faces, changed, strict=True):
        face.write_text(text)
    camel = "".join(word.title() for word in name.split("_"))
    print(LEFT.format(name=name, camel=camel, file=file.relative_to(root)))


def _with(text: str, line: str) -> str:
    """The module with one more import, among those of its own package in alphabetical order."""
    lines = text.splitlines()
    imports = [i for i, other in enumerate(lines) if other.startswith("from .")]
    at = next((i for i in imports if lines[i] > line), imports[-1] + 1)
    return "\n".join([*lines[:at], line, *lines[at:]]) + "\n"


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "")
    except ValueError as error:
        sys.exit(str(error))
