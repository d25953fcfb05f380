"""What watching costs a training run, at a look every 100 steps; the target is 1 %.

    python benchmarks/training.py [--quick]

A step that is looked at, a bare one, and what is called between looks, in turn, in CPU seconds of
all threads; the least of all rounds, which other work on the machine disturbs least. With optax
that is compiled into the step, to read every gradient once more: that is run alone, as two runs of
one step differ by more.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from _measure import row, title

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("KERAS_BACKEND", "jax")
EVERY = 100
Steps = tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]
"""A bare step, one that is looked at, and what is done between looks."""


def of_torch(small: bool) -> Steps:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from initcore_torch.training import Watch

    size = {"n_layer": 2, "n_embd": 64} if small else {"n_layer": 4, "n_embd": 256}
    model = GPT2LMHeadModel(GPT2Config(n_head=4, vocab_size=4096, **size))
    tokens = torch.randint(0, 4096, (2, 16) if small else (4, 128))
    optimizer = torch.optim.AdamW(model.parameters())
    watch = Watch(model, every=EVERY)

    def step(watched: bool) -> None:
        if watched:
            watch.begin(0)
        loss = model(tokens, labels=tokens).loss
        if watched:
            watch.check(loss)
        optimizer.zero_grad()
        loss.backward()
        if watched:
            watch.end()
        optimizer.step()

    def between() -> None:
        watch.begin(1)
        watch.check(torch.ones(()))
        watch.end()

    return lambda: step(False), lambda: step(True), between


def of_optax(small: bool) -> Steps:
    import jax
    import optax

    from initcore_jax.training import check, look, watch

    n, depth = (64, 4) if small else (512, 8)
    keys = jax.random.split(jax.random.key(0), depth)
    params = {str(i): {"kernel": jax.random.normal(k, (n, n)) / n**0.5} for i, k in enumerate(keys)}
    x = jax.random.normal(jax.random.key(1), (16 if small else 2048, n))

    def loss(params: Any) -> Any:
        h = x
        for layer in params.values():
            h = jax.nn.relu(h @ layer["kernel"])
        return (h**2).mean()

    def of(optimizer: Any, after: Callable[[Any], Any] = len) -> Callable[[], Any]:
        state = optimizer.init(params)

        @jax.jit
        def step(params: Any, state: Any) -> Any:
            updates, state = optimizer.update(jax.grad(loss)(params), state, params)
            return optax.apply_updates(params, updates), state

        return lambda: after(jax.block_until_ready(step(params, state)))

    watched = optax.chain(watch(), optax.adam(1e-3))

    def looked(made: Any) -> None:
        check(made[1])
        look(made[1], made[0])

    gradients, alone = jax.grad(loss)(params), jax.jit(lambda g, s: watch().update(g, s)[1])
    state = watch().init(params)
    return (
        of(optax.adam(1e-3)), of(watched, looked),
        lambda: jax.block_until_ready(alone(gradients, state)),
    )  # fmt: skip


def of_keras(small: bool) -> Steps:
    import keras
    import numpy as np

    from initcore_keras.callbacks import Watch

    n, depth = (64, 3) if small else (512, 8)
    layers = [keras.layers.Dense(n, activation="relu") for _ in range(depth)]
    model = keras.Sequential([keras.Input((n,)), *layers])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(16 if small else 512, n)).astype("float32")
    watch = Watch(x[:16], every=EVERY)
    watch.set_model(model)
    logs = {"loss": 1.0}

    def between(number: int = 1) -> None:
        watch._step = number
        watch.on_train_batch_end(number, logs)

    def looked() -> None:
        model.train_on_batch(x, x)
        between(0)

    return lambda: model.train_on_batch(x, x), looked, between


def main() -> None:
    small = "--quick" in sys.argv
    title(f"Watching, a look every {EVERY} steps", "step, ms", "with a look, ms",
          "between, more, ms", "share of the run")  # fmt: skip
    for name, make in (("GPT-2, PyTorch", of_torch), ("8 dense layers, optax", of_optax),
                       ("8 dense layers, Keras on JAX", of_keras)):  # fmt: skip
        plain, look, rest = seconds(make(small), rounds=3 if small else 60)
        share = (look - plain + (EVERY - 1) * rest) / EVERY / plain
        times = [f"{t * 1e3:.2f}" for t in (plain, look, rest)]
        row(name, *times, f"{share:.2%}")


def seconds(steps: Steps, rounds: int) -> list[float]:
    """Least CPU seconds of each."""
    found: list[list[float]] = [[], [], []]
    for number in range(rounds + 1):
        for kind, step in zip(found, steps, strict=True):
            start = time.process_time()
            step()
            if number:  # the first one compiles
                kind.append(time.process_time() - start)
    return [min(kind) for kind in found]


if __name__ == "__main__":
    main()
