"""Functions that take a framework's names, each with one mistake."""

import inspect
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ._fault import Core, fault

__all__ = ["FACETS", "NoSuchName", "mistaken"]

FACETS: dict[str, str] = {}
"""Of each fault, by its class's name, what in the framework's own function it breaks."""


class NoSuchName:
    """Stands for a name that is missing."""


def mistaken(right: Any, name: str, initializer: str, facet: str) -> Callable[[Any], Any]:
    """File a function or class that takes a framework's `name`, with a mistake.

    Its docstring says what is wrong. It lives in a module of its own, so that it is pickled as the
    right one is.

    Args:
        right: The backend with the right functions.
        name: The framework's name.
        initializer: The specification's.
        facet: The facet that sees the mistake.
    """

    def file(wrong: Any) -> Any:
        text, place = inspect.getdoc(wrong) or "", f"{__name__}.{wrong.__name__}"
        title = "".join(part.title() for part in re.split("_+", wrong.__name__))
        module = ModuleType(place)
        public = {k: v for k, v in vars(right.namespace).items() if not k.startswith("__")}
        vars(module).update(public)
        if isinstance(wrong, type) and issubclass(wrong, NoSuchName):
            delattr(module, name)
        else:
            wrong.__doc__, wrong.__module__ = "As in the framework, but for a mistake.", place
            wrong.__name__ = wrong.__qualname__ = name
            setattr(module, name, wrong)
        sys.modules[place] = module
        wrong_backend = type(title, (Core,), {
            "__doc__": text, "replaces": right.replaces, "namespace": module,
            "differs": staticmethod(right.differs),
        })  # fmt: skip
        FACETS[title] = facet
        fault(initializer, "drop_in")(wrong_backend)
        return wrong

    return file
