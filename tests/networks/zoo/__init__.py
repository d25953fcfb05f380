"""Real networks by framework, and what an expert expects of every weight of theirs."""

import importlib
from typing import Any

__all__ = ["FAMILIES", "zoo"]

FAMILIES = {
    "torch": (
        "language",
        "decoders",
        "encoders",
        "vision",
        "sight",
        "sound",
        "convolutional",
        "composed",
        "spectral",
        "small",
    ),
    "jax": ("linen", "nnx", "flax_more", "equinox", "haiku"),
    "keras": ("keras_language", "keras_vision", "keras_small"),
}


def zoo(family: str) -> dict[str, tuple[Any, Any, str]]:
    """By name: what makes the network, what it is called with, the table."""
    found: dict[str, tuple[Any, Any, str]] = importlib.import_module(f"{__name__}.{family}").ZOO
    return found
