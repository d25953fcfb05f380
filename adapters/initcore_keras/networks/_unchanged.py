"""A model that is as it was, whatever was done with it in between."""

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["unchanged"]

LISTS = (list, dict, set)


@contextlib.contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """A context after which the attributes of a model's layers and the random states are as before.

    A distribution of weights over devices is laid aside for its time.
    """
    before = [(layer, dict(vars(layer)), {k: _copy(v) for k, v in vars(layer).items()
                                          if type(v) in LISTS})
              for layer in model._flatten_layers()]  # fmt: skip
    state = sys.modules["keras.src.backend.common.global_state"]
    names = ("object_name_uids", "global_seed_generator", "distribution")
    kept = {name: state.get_global_attribute(name) for name in names}
    uids = dict(kept["object_name_uids"] or {})
    drawn = random.getstate(), np.random.get_state()
    state.set_global_attribute("distribution", None)
    try:
        yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
        for name, value in kept.items():
            state.set_global_attribute(name, value)
        if kept["object_name_uids"] is not None:
            kept["object_name_uids"].clear()
            kept["object_name_uids"].update(uids)
        for layer, own, lists in before:
            _put_back(layer, own, lists)


def _copy(x: Any) -> Any:
    return type(x)(x)


def _put_back(layer: Any, own: dict[str, Any], lists: dict[str, Any]) -> None:
    now = vars(layer)
    for name in [n for n in now if n not in own]:
        del now[name]
    for name, value in own.items():
        if now.get(name, layer) is not value:
            now[name] = value
    for name, copy in lists.items():
        if not _same(own[name], copy):
            own[name].clear()
            own[name].extend(copy) if isinstance(copy, list) else own[name].update(copy)


def _same(a: Any, b: Any) -> bool:
    """Whether two containers hold the same objects."""
    if isinstance(a, dict):
        return list(a) == list(b) and all(a[k] is b[k] for k in a)
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))
