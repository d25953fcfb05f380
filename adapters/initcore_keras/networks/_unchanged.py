"""A model that is as it was, whatever was done with it in between."""

import contextlib
import random
import sys
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["unchanged"]

KINDS: tuple[Any, ...] = (OrderedDict, dict, list, set)
GLOBALS = ("object_name_uids", "global_seed_generator", "distribution")


@contextlib.contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """A context after which the attributes of a model's layers and the random states are as before.

    A distribution of weights over devices is laid aside for its time.
    """
    layers = model._flatten_layers()
    held = [x for layer in layers for x in (layer, getattr(layer, "_tracker", None)) if x]
    attributes = [(x, dict(vars(x))) for x in held]
    containers = [(c, _copy(c)) for _, own in attributes for c in _containers(own)]
    state = sys.modules["keras.src.backend.common.global_state"]
    kept = {name: state.get_global_attribute(name) for name in GLOBALS}
    counts = kept["object_name_uids"]
    if counts is not None:
        containers.append((counts, _copy(counts)))
    drawn = random.getstate(), np.random.get_state()
    state.set_global_attribute("distribution", None)
    try:
        yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
        for name, value in kept.items():
            state.set_global_attribute(name, value)
        for x, own in attributes:
            _put_back(vars(x), own)
        for c, copy in containers:
            _refill(c, copy)


def _containers(attributes: dict[str, Any]) -> list[Any]:
    """The containers among attributes, and those in them."""
    found = [v for v in attributes.values() if isinstance(v, KINDS)]
    return found + [v for c in found if isinstance(c, dict) for v in c.values()
                    if isinstance(v, KINDS)]  # fmt: skip


def _copy(x: Any) -> Any:
    return next(kind(x) for kind in KINDS if isinstance(x, kind))


def _put_back(now: dict[str, Any], own: dict[str, Any]) -> None:
    for name in [n for n in now if n not in own]:
        del now[name]
    for name, value in own.items():
        if name not in now or now[name] is not value:
            now[name] = value


def _refill(container: Any, copy: Any) -> None:
    """Keras's own containers note what is put into them; this goes past that."""
    if _same(container, copy):
        return
    kind = type(copy)
    kind.clear(container)
    (kind.extend if kind is list else kind.update)(container, copy)


def _same(a: Any, b: Any) -> bool:
    """Whether two containers hold the same objects."""
    if isinstance(a, dict):
        return list(a) == list(b) and all(a[k] is b[k] for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))
    return {id(x) for x in a} == {id(x) for x in b}
