"""What docstrings say of the parameters of a function or class, by name.

The first of these that has a parameter describes it: the object's own docstring, one that it names
("As of `of_numpy`"), the initializer's specification, and `COMMON`.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import initcore
from initcore.spec import Domain

from ._constants import COMMON
from ._constants import CONSTANTS as CONSTANTS

HEADING = re.compile(r"^(Args|Args and Raises|Attributes|Raises|Returns|Yields|Note):$")
ENTRY = re.compile(r"^    ((?:\*{0,2}\w+)(?:, \*{0,2}\w+)*): (.*)$")
AS_OF = re.compile(r"[Aa]s (?:of|for|in) `([\w.]+)`")
THOSE_OF = re.compile(r"(?:[Tt]hose\s+of|Otherwise\s+as)\s+`([\w.]+)`")


def sections(doc: str) -> dict[str, list[str]]:
    """The lines under each heading of a docstring."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in doc.splitlines():
        heading = HEADING.match(line)
        if heading:
            current = found.setdefault(heading[1], [])
        elif line and not line.startswith(" "):
            current = None
        elif current is not None:
            current.append(line)
    return found


def entries(doc: str) -> dict[str, str]:
    """The text on each parameter that a docstring describes itself."""
    found: dict[str, str] = {}
    for heading in ("Args", "Args and Raises", "Attributes"):
        names: list[str] = []
        for line in sections(doc).get(heading, []):
            entry = ENTRY.match(line)
            if entry:
                names = [name.lstrip("*") for name in entry[1].split(", ")]
                found |= dict.fromkeys(names, entry[2])
            elif names and line.strip():
                found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def referred(value: Any, doc: str) -> Iterator[Any]:
    """The objects whose parameters a docstring says are its own."""
    listed = sections(doc)
    text = " ".join(line for name in ("Args", "Args and Raises") for line in listed.get(name, []))
    for path in (*AS_OF.findall(text), *THOSE_OF.findall(doc)):
        found = resolve(path, value.__module__)
        if found is not None and found is not value:
            yield found


def resolve(path: str, module: str) -> Any:
    """The object that a docstring in `module` means by `path`, or None."""
    package = module.split("._")[0]
    for start in (module, package, module.split(".")[0]):
        found: Any = importlib.import_module(start)
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return found
    name, _, rest = path.partition(".")
    try:
        found = importlib.import_module(name)
        for part in rest.split("."):
            found = getattr(found, part, None) or importlib.import_module(
                f"{found.__name__}.{part}"
            )
    except (ImportError, AttributeError):
        return None
    return found


def described(value: Any, above: tuple[Any, ...] = ()) -> dict[str, str]:
    """The text on each parameter of `value` that has one."""
    doc = inspect.getdoc(value) or ""
    found = words_of(getattr(value, "__module__", None) or "")
    spec = initcore.specs.get(getattr(value, "__name__", "").rstrip("_"))
    if spec is not None and not inspect.isclass(value):
        found |= {n: domain_text(d) for n, d in spec.parameters.items() if n not in found}
    for other in referred(value, doc):
        if not any(other is one for one in above):  # two docstrings may name each other
            found |= described(other, (*above, value))
    if inspect.isclass(value):
        found |= entries(inspect.getdoc(value.__init__) or "")
    return found | entries(doc)


def words_of(module: str) -> dict[str, str]:
    """The words that mean the same in all of a module."""
    found: dict[str, str] = {}
    for name, words in COMMON.items():
        if f"{module}.".startswith(f"{name}."):
            found |= words
    return found


def domain_text(domain: Domain) -> str:
    """What a specification says of a parameter."""
    return f"{domain.unit[0].upper()}{domain.unit[1:]}: {domain}."


def parameters(value: Any) -> list[str]:
    """The names of the parameters of a function or a class that is called."""
    if getattr(value, "_is_protocol", False):
        return []
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return []
    return [name for name in signature.parameters if name not in ("self", "cls")]


def complete(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Put every parameter into the docstring that Sphinx is about to read."""
    if what not in ("function", "class", "method"):
        return
    texts, mine = described(value), parameters(value)
    kept, skipping, place = [], False, None
    for line in lines:
        heading = HEADING.match(line)
        if heading and heading[1] in ("Args", "Args and Raises", "Attributes"):
            skipping, place = True, len(kept) if place is None else place
            continue
        if skipping and line and not line.startswith(" "):
            skipping = False
        if not skipping:
            kept.append(line)
    if place is None:  # before what is raised and what is shown
        ends = (i for i, line in enumerate(kept) if line.startswith((">>>", "Raises:")))
        place = next(ends, len(kept))
    rest = {n: t for n, t in texts.items() if n not in mine and n in entries("\n".join(lines))}
    block = ["", *field_list("Args", {n: texts[n] for n in mine if n in texts})]
    block += field_list("Attributes" if what == "class" else "Args", rest)
    lines[:] = kept[:place] + block + kept[place:]


def field_list(heading: str, texts: dict[str, str]) -> list[str]:
    """A section of a docstring."""
    if not texts:
        return []
    return [f"{heading}:", *(f"    {name}: {text}" for name, text in texts.items()), ""]


def skip_member(
    app: Any, what: str, name: str, value: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of named tuples, which their class describes."""
    doc = getattr(value, "__doc__", None) or ""
    return True if doc.startswith("Alias for field number") else None


def shorten(app: Any, what: str, name: str, value: Any, options: Any, signature: str | None,
            returned: str | None) -> tuple[str | None, None]:  # fmt: skip
    """The signature without the paths and addresses of what it has as defaults."""
    if signature is not None:
        signature = re.sub(r"<module '(\w+)' from '[^']*'>", r"\1", signature)
        signature = re.sub(r"<function (?:\w+\.)*<lambda> at \w+>", "...", signature)
        signature = re.sub(r"<function ([\w.]+) at \w+>", r"\1", signature)
        signature = re.sub(r"\(<\w[^=]*\bat 0x[^=]*>\)", "CHECKS", signature)
        signature = re.sub(r"<class '([\w.]+)'>", r"\1", signature)
    return signature, None
