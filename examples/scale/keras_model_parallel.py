"""Keras's model parallelism on JAX: layouts are filled shard by shard.

KERAS_BACKEND=jax XLA_FLAGS=--xla_force_host_platform_device_count=8 \\
    python examples/scale/keras_model_parallel.py
"""

import keras
import numpy as np

import initcore_keras as init


def net() -> keras.Model:
    return keras.Sequential([
        keras.layers.Input((64,)),
        keras.layers.Dense(256, "relu", kernel_initializer=init.Orthogonal(2**0.5, seed=1)),
        keras.layers.Dense(64, kernel_initializer=init.HeNormal(seed=2)),
    ])  # fmt: skip


def main() -> None:
    alone = [np.asarray(w) for w in net().trainable_weights]
    devices = keras.distribution.list_devices()
    mesh = keras.distribution.DeviceMesh((len(devices),), ("model",), devices)
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[".*kernel"] = (None, "model")
    keras.distribution.set_distribution(keras.distribution.ModelParallel(layout_map=layouts))
    spread = net().trainable_weights
    print("shards:", {s.data.shape for s in spread[0].value.addressable_shards})
    pairs = zip(spread, alone, strict=True)
    print("as on one device:", all(abs(np.asarray(w) - v).max() < 2e-6 for w, v in pairs))


if __name__ == "__main__":
    main()
