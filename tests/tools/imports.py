"""Which file imports which: what the test of the architecture and its picture are made from."""

import ast
import tomllib
from pathlib import Path

__all__ = [
    "ADAPTERS",
    "PACKAGES",
    "PROJECT",
    "ROOMS",
    "ROOT",
    "circle",
    "import_graph",
    "imports",
    "sources_of",
]

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
PACKAGES = {Path(folder).name: ROOT / folder for folder in WHEEL}
"""The folder of each package, as the wheel has them: the one list of packages."""
ADAPTERS = {name for name, folder in PACKAGES.items() if folder.parent.name == "adapters"}

# From the ground up: a room imports only rooms before it.
ROOMS = (
    "arguments", "arrays", "random", "spec", "activations", "invariants", "initializers", "density",
    "theory", "reports", "networks", "plots", "diagnostics", "training", "specification", "cli",
)  # fmt: skip


def imports(source: str) -> set[str]:
    """Top-level names that `source` imports, anywhere in it; relative imports are its own."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def sources_of(package: str) -> dict[str, str]:
    """The texts of a package's files, by module name."""
    folder = PACKAGES[package]
    return {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts): path.read_text()
        for path in folder.rglob("*.py")
    }


def import_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Which modules import which, wherever the import stands; `sources` are texts by module name.

    `from .room import name` leads to the module `room.name` if there is one, else to `room`.
    """
    graph: dict[str, set[str]] = {name.removesuffix(".__init__"): set() for name in sources}
    for name, source in sources.items():
        module = name.removesuffix(".__init__")
        package = module if name.endswith(".__init__") else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
                targets = [
                    full if (full := f"{base}.{alias.name}") in graph else base
                    for alias in node.names
                ]
            else:
                continue
            graph[module] |= {t for t in targets if t in graph and t != module}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import one another in a loop, or nothing."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph[module]):
            if found := visit(other, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])
