"""Mistakes of new users and what they are told: docs/mistakes.md, made by this module."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import torch
from flax import linen, nnx
from torch import nn

import initcore
import initcore_jax
import initcore_torch as init

__all__ = ["CORE", "JAX", "PAGE", "TORCH", "answer", "page"]

PAGE = Path(__file__).parents[2] / "docs" / "mistakes.md"
# What was written, and how the message ends.
TORCH = {
    "orthogonal_(layer)": "got Linear; pass its weight: orthogonal_(layer.weight).",
    "orthogonal_(model)": "got Sequential; for a whole model: initialize(model, 'orthogonal').",
    "orthogonal_(model.parameters())": "or the whole model: initialize(model, 'orthogonal').",
    "orthogonal_(model.state_dict())": "or the whole model: initialize(model, 'orthogonal').",
    "orthogonal_(None)": "a layer without a bias has None there.",
    "orthogonal_((8, 4))": "make the array of this shape first.",
    "orthogonal_(np.zeros((8, 4)))": "initcore.orthogonal(initcore.Rng(seed), array.shape).",
    "orthogonal_(jax.numpy.zeros((8, 4)))": "got ArrayImpl; for those use initcore_jax.",
    "orthogonal_(nn.Linear)": "make an instance of it, and pass its weight.",
    "orthogonal_(layer.bias)": "a bias starts at 0, use zeros_.",
    "xavier_uniform_(layer.bias)": "a bias starts at 0, use zeros_.",
    "delta_orthogonal_(layer.weight)": "for a dense layer use orthogonal_.",
    "orthogonal_(layer.weight, seed='7')": "got '7'; 7 without the quotation marks is one.",
    "orthogonal_(layer.weight, seed='run a')": "Rng(0).fold_in(name) makes a stream.",
    "orthogonal_(layer.weight, seed=7.0)": "got 7.0; 7 is one.",
    "orthogonal_(layer.weight, seed=torch.Generator())": "a generator goes to generator=.",
    "orthogonal_(layer.weight, generator=7)": "an integer goes to seed=.",
    "orthogonal_(layer.weight, generator=np.random.default_rng())": "draw a seed=.",
    "orthogonal_(layer.weight, gain='relu')": "an activation is initcore.gain('relu').",
    "orthogonal_(layer.weight, nn.ReLU())": "an activation is initcore.gain(activation).",
    "orthogonal_(layer.weight, std=0.02)": "'std'; the size is set by gain, a singular value.",
    "normal_(layer.weight, gain=2.0)": "set by std, the standard deviation of an entry.",
    "he_normal_(layer.weight, gain=2.0)": "which variance_scaling leaves open.",
    "orthogonal_(layer.weight, transpose=True)": "did you mean transposed?",
    "orthogonal_(nn.LazyLinear(3).weight)": "run the lazy module once first.",
    "initialize(layer.weight, 'orthogonal')": "filled by a function such as orthogonal, with or "
    "without _.",
    "initialize('orthogonal', model)": "the model comes first, and the scheme second.",
    "initialize(nn.Linear, 'orthogonal')": "make an instance of it.",
    "initialize(model.parameters(), 'orthogonal')": "pass the model itself, not its parameters.",
    "initialize(nnx_layer, 'orthogonal')": "for models of that framework use initcore_jax.",
    "initialize(model, 'ortogonal')": "did you mean orthogonal or conv_orthogonal or "
    "delta_orthogonal?",
    "initialize(model, 'xavier_uniform')": "did you mean glorot_uniform?",
    "initialize(model, 'kaiming')": "did you mean he_normal or he_uniform?",
    "initialize(model, init.orthogonal_)": 'gives it to all kernels: "orthogonal".',
    "initialize(model, 'orthogonal', gain=2.0)": 'scheme=("orthogonal", {"gain": ...}).',
    "initialize(model, 'orthogonal', overrides={'3.weight': None})": "did you mean 2.weight or "
    "0.weight?",
    "init.signal_report(model, np.zeros((2, 8)))": "first: torch.from_numpy(array))",
    "init.plan(model, 'orthogonal').apply(layer)": "nothing has been written.",
    "init.calculate_gain('gellu')": "did you mean gelu or elu or selu?",
}
CORE = {
    "initcore.orthogonal((256, 128))": "for example initcore.Rng(0).",
    "initcore.orthogonal(7, (256, 128))": "for example initcore.Rng(0).",
    "initcore.orthogonal(np.random.default_rng(), (8, 4))": "generator.integers(2**63))).",
    "initcore.orthogonal(layer.weight)": "for those use initcore_torch.",
    "initcore.orthogonal(initcore.Rng(0))": "as in orthogonal(initcore.Rng(0), (256, 128)); "
    "whatever else there is needs its name, as in gain=2.0.",
    "initcore.orthogonal(initcore.Rng(0), (8, 4), 2.0)": "needs its name, as in gain=2.0.",
    "initcore.orthogonal(initcore.Rng(0), layer)": "of its weight: layer.weight.shape.",
    "initcore.orthogonal(initcore.Rng(0), layer.weight)": "pass its .shape.",
    "initcore.orthogonal(initcore.Rng(0), (8,))": "a bias starts at 0, use zeros.",
    "initcore.initialize": "it is in the adapters, such as initcore_torch.",
    "initcore.orthogonal_": "it is in the adapters, such as initcore_torch.",
    "initcore.xavier_normal": "did you mean glorot_normal?",
    "initcore.gain(nn.ReLU)": "make an instance of it.",
    "initcore.gain('reul')": "did you mean relu or relu6 or relu2?",
    "initcore.Rng(jax.random.key(3))": "made from one, by jax.random.key(seed).",
}
JAX = {
    "jinit.orthogonal(key, (8, 4))": "call what it makes, as in orthogonal()(key, shape), or give "
    "that to a layer, as in kernel_init=orthogonal().",
    "jinit.he_normal(jax.random.PRNGKey(0), (8, 4))": "as in kernel_init=he_normal().",
    "jinit.variance_scaling(key, (8, 4))": "as in kernel_init=variance_scaling().",
    "jinit.orthogonal((8, 4))": "it is made first and called then: orthogonal()(key, shape).",
    "nnx.Linear(8, 4, kernel_init=jinit.orthogonal, rngs=nnx.Rngs(0))": "kernel_init=orthogonal().",
    "linen.Dense(4, kernel_init=jinit.orthogonal).init(key, jax.numpy.ones((1, 8)))": "kernel_init="
    "orthogonal().",
    "jinit.orthogonal()(0, (8, 4))": "(jax.random.key(0)) as its first argument, got int.",
    "jinit.orthogonal()(key, nnx_layer)": "of its kernel: layer.kernel.shape.",
    "jinit.orthogonal(std=0.1)": "the size is set by scale.",
    "jinit.orthogonal(gain='relu')": "the size is set by scale.",
    "jinit.orthogonal()(jax.random.split(key), (8, 4))": "use jax.vmap for several.",
    "jinit.initialize(linen.Dense(4), 'orthogonal')": "has no variables before its first call.",
    "jinit.initialize(model, 'orthogonal')": "for models of that framework use initcore_torch.",
    "jinit.initialize(nnx_layer, jinit.orthogonal())": 'gives it to all kernels: "orthogonal".',
}
TITLES = {"PyTorch": TORCH, "NumPy": CORE, "JAX": JAX}
TEXT = """# Mistakes, and what you are told

A message says who needs what, what it got, and what to do. A test makes each mistake below,
compares the message with this page, and checks that no weight has changed.
{tables}
Keras passes its initializers by name or as objects, and asks for them in the same way:
`kernel_initializer=initcore_keras.Orthogonal()`, not the class. An extra that is missing, a seed of
another kind and a misspelt name are answered there as here.
"""


def answer(mistake: str, layer: nn.Module, model: nn.Module) -> str:
    """The message of the error, in which `layer` and `model` are PyTorch's.

    Raises:
        AssertionError: There was no error, or one that is not for callers.
    """
    names: dict[str, Any] = {
        **{n: getattr(init, n) for n in dir(init) if n.endswith("_") and n[0] != "_"},
        "initialize": init.initialize, "init": init, "initcore": initcore, "jinit": initcore_jax,
        "layer": layer, "model": model, "nn": nn, "torch": torch, "np": np, "jax": jax,
        "nnx": nnx, "linen": linen, "key": jax.random.key(0),
        "nnx_layer": nnx.Linear(8, 4, rngs=nnx.Rngs(0)),
    }  # fmt: skip
    try:
        eval(mistake, names)
    except (TypeError, ValueError, AttributeError) as error:
        return str(error)
    raise AssertionError(f"{mistake} was no mistake")


def page() -> str:
    """The page."""
    found = ""
    for title, table in TITLES.items():
        found += f"\n## {title}\n\n| written | told |\n| --- | --- |\n"
        for mistake in table:
            told = answer(mistake, nn.Linear(8, 4), nn.Sequential(nn.Linear(8, 8), nn.Tanh(),
                                                                  nn.Linear(8, 4)))  # fmt: skip
            found += f"| `{mistake}` | {escaped(told)} |\n"
    return TEXT.format(tables=found)


def escaped(text: str) -> str:
    """Text as Markdown shows it in a table."""
    for sign in "\\`*_<>|[":
        text = text.replace(sign, f"\\{sign}")
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
