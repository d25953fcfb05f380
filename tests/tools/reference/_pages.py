"""Which packages the reference has, and the page of each."""

import importlib
import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._constants import CONSTANTS

# Package, the title of its page, and a sentence.
PAGES = (
    ("initcore", "Initializers and gains", "For NumPy arrays and any other Array API namespace."),
    ("initcore_torch", "PyTorch", "As `torch.nn.init`: functions fill a tensor."),
    ("initcore_jax", "JAX", "As `jax.nn.initializers`: functions make an initializer."),
    ("initcore_keras", "Keras", "As `keras.initializers`: classes with a config."),
    ("initcore_mlx", "MLX", "As `mlx.nn.init`: functions make an initializer."),
    ("initcore.theory", "Signal propagation", "What wide networks do to signals and gradients."),
    ("initcore.density", "Densities of sparse networks", "How many weights each layer keeps."),
    ("initcore.plots", "Figures", "What `initcore ... --plot` draws, as Matplotlib figures."),
    ("initcore.networks", "Whole models", "Plans, roles and schemes, and what adapters build on."),
    ("initcore.diagnostics", "Diagnostics", "What the adapters measure in a model."),
    ("initcore.training", "While training", "What is watched, and why training stops."),
    ("initcore_torch.training", "Training loops of PyTorch", "A loop of your own, watched."),
    ("initcore_torch.lightning", "Lightning", "Callbacks of a `Trainer`."),
    ("initcore_jax.training", "optax", "A part of `optax.chain`, and what it saw."),
    ("initcore_keras.callbacks", "Keras's fit", "Callbacks of `model.fit`."),
    ("initcore_torch.transformers", "transformers", "Callbacks of a `Trainer`, whole models."),
    (
        "initcore.invariants",
        "Invariants",
        "What is true of every result, as objects that check it.",
    ),
    ("initcore.spec", "Specifications", "How an initializer is filed, and read as data."),
    ("initcore.random", "Random numbers", "The key, and what draws from it."),
    ("initcore.activations", "Activations", "Named functions, and Gaussian integrals over them."),
    ("initcore.initializers", "Helpers of the initializers", "Beside the initializers themselves."),
    ("initcore.specification", "The specification as files", "Data, schema, golden vectors."),
    ("initcore_conformance", "Conformance tests", "Backends, and what checks them."),
)
PACKAGES = {package: (title, sentence) for package, title, sentence in PAGES}

# Rooms of the house that have no page: what is in them serves the others, and may change.
INTERNAL = (
    "initcore.arguments", "initcore.arrays", "initcore.cli", "initcore.reports",
    "initcore.networks.graph", "initcore.networks.roles",
    "initcore.theory.finite_width", "initcore.theory.spectrum",
    "initcore_torch.networks", "initcore_jax.networks", "initcore_keras.networks",
    "initcore_conformance.backends", "initcore_conformance.checks",
    "initcore_conformance.drop_in", "initcore_conformance.plugin",
)  # fmt: skip


def public_names(package: str) -> Iterator[tuple[str, Any]]:
    """The public names of a package and their objects, without its subpackages."""
    module = importlib.import_module(package)
    names = getattr(module, "__all__", None) or sorted({*vars(module), *dir(module)})
    for name in names:
        value = getattr(module, name)
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        of_typing = name == "TYPE_CHECKING" or getattr(value, "__module__", "") == "typing"
        if not of_typing or f"{package}.{name}" in CONSTANTS:
            yield name, value


def kind_of(value: Any) -> str:
    """The word of the directive that documents an object."""
    if inspect.isclass(value) and value.__module__ != "builtins":
        return "class"
    if inspect.isfunction(value) or inspect.isbuiltin(value) or hasattr(value, "__wrapped__"):
        return "function"
    return "data"


def page(package: str, known: dict[int, str]) -> str:
    """The page of a package in reStructuredText; `known` are the objects of pages before it."""
    title, sentence = PACKAGES[package]
    title = f"{title}: ``{package}``"
    lines = [title, "=" * len(title), "", sentence, "", f".. module:: {package}", ""]
    again: list[str] = []
    table = [".. list-table::", "   :widths: 35 65", ""]
    body: list[str] = []
    for name, value in public_names(package):
        whole = f"{package}.{name}"
        kind = kind_of(value)
        if kind != "data" and not value.__module__.startswith("initcore"):
            again.append(f"- ``{name}`` is ``{value.__module__.partition('.')[0]}``'s own.")
            continue
        if kind != "data" and id(value) in known and known[id(value)] != whole:
            again.append(f"- ``{name}`` is :py:obj:`{known[id(value)]}`.")
            continue
        known[id(value)] = whole
        if kind == "data":
            statement = CONSTANTS.get(whole, "")
            body += [f".. py:data:: {whole}", "", f"   {statement}", ""]
        else:
            statement = " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())
            body += [f".. auto{kind}:: {whole}"]
            body += ["   :members:", ""] if kind == "class" else [""]
        table += [f"   * - :py:obj:`{name} <{whole}>`", f"     - {statement}"]
    if again:
        body += ["Also here", "-" * 9, "", *again, ""]
    return "\n".join([*lines, *table, "", *body])


INDEX = """Find a function: the API
========================

Every public name with its parameters. A name that is not here is private and may change.
`Architecture <../architecture.html>`_ says what the packages are for.

.. toctree::
   :maxdepth: 1

{entries}

The packages {internal} serve those above and have no page.
"""


def write_reference(folder: Path) -> list[str]:
    """Write the pages of the packages that can be imported; their names."""
    folder.mkdir(exist_ok=True)
    known: dict[int, str] = {}
    made = []
    for package in PACKAGES:
        try:
            text = page(package, known)
        except ImportError:  # a framework that this platform has no wheels of
            continue
        _write(folder / f"{package}.rst", text)
        made.append(package)
    entries = "\n".join(f"   {package}" for package in made)
    internal = ", ".join(f"``{name}``" for name in INTERNAL)
    _write(folder / "index.rst", INDEX.format(entries=entries, internal=internal))
    return made


def _write(path: Path, text: str) -> None:
    """Only what differs: Sphinx reads again what is newer."""
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
