"""Frameworks whose names a backend may take over, and what must hold of the names then.

A framework is a table of calls and a list of facets. A facet looks at one function in one way: is
it pickled, does it run under `jit`, what does a mode see of it? Each is tried on the framework's
own function first. What holds there must hold of the function that takes its name, too; what fails
there is not asked for.
"""

from typing import Any

from ._framework import Facet as Facet
from ._framework import Framework as Framework
from ._framework import Trial as Trial
from ._framework import UnlikeError as UnlikeError

__all__ = ["FRAMEWORKS", "Facet", "Framework", "Trial", "UnlikeError", "framework_of"]

FRAMEWORKS = ("torch.nn.init", "jax.nn.initializers", "keras.initializers")


def framework_of(replaces: str) -> Any:
    """The framework whose initializers are in the module of this name.

    Raises:
        ValueError: There is none.
    """
    if replaces == "torch.nn.init":
        from ._torch import PyTorch

        return PyTorch()
    if replaces == "jax.nn.initializers":
        from ._jax import Jax

        return Jax()
    if replaces == "keras.initializers":
        from ._keras import Keras

        return Keras()
    raise ValueError(
        f"a backend replaces {', '.join(FRAMEWORKS[:-1])} or {FRAMEWORKS[-1]}, got {replaces!r}."
    )
