"""Parts of kernels have the values of the whole on every backend."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from keras import ops

import initcore_keras as ours
from initcore_keras import Part


@pytest.mark.parametrize(
    "make", [ours.Orthogonal, ours.HeNormal, ours.Identity, ours.RandomUniform]
)
def test_a_part_is_that_of_the_whole(make: type) -> None:
    init = make(seed=1) if make is not ours.Identity else make()
    whole = ops.convert_to_numpy(init((8, 6)))
    part = ops.convert_to_numpy(init((4, 3), part=Part((8, 6), (4, 2))))
    assert (part == whole[4:, 2:5]).all()
    assert ops.is_tensor(init((4, 3), part=Part((8, 6), (0, 0))))


def test_what_is_no_part_is_refused() -> None:
    with pytest.raises(ValueError, match="Orthogonal needs a part within the kernel"):
        ours.Orthogonal()((4, 4), part=Part((6, 6), (3, 3)))
    with pytest.raises(TypeError, match=r"an initcore.Part\(shape, offset\), got 3"):
        ours.Orthogonal()((4, 4), part=3)


def test_a_part_is_made_alone() -> None:
    huge = Part((1 << 20, 1 << 18), (1 << 19, 77))  # a TiB
    for make in (ours.HeNormal, ours.GlorotUniform, ours.RandomNormal, ours.Identity):
        assert tuple(make()((30, 20), part=huge).shape) == (30, 20)


DISTRIBUTED = """
import re, jax, keras, numpy as np
import initcore_keras as ours

devices = keras.distribution.list_devices()
assert len(devices) == 8
names = ("Orthogonal", "HeNormal", "Hadamard", "Idinit", "SparseOrthogonal")
more = {"SparseOrthogonal": {"density": 0.2}, "Hadamard": {}}

def kernels():
    made = []
    for name in names:
        seed = {} if name == "Hadamard" else {"seed": 3}
        init = getattr(ours, name)(**more.get(name, {}), **seed)
        layer = keras.layers.Dense(64, kernel_initializer=init)
        layer.build((None, 128))
        made.append(layer.kernel.value)
    return made

alone = [np.asarray(w) for w in kernels()]
mesh = keras.distribution.DeviceMesh((8,), ("model",), devices)
layouts = keras.distribution.LayoutMap(mesh)
layouts[".*kernel"] = (None, "model")
keras.distribution.set_distribution(keras.distribution.ModelParallel(layout_map=layouts))
for name, w, wanted in zip(names, kernels(), alone, strict=True):
    assert {s.data.shape for s in w.addressable_shards} == {(128, 8)}, name
    assert abs(np.asarray(w) - wanted).max() < (2e-6 if name == "Orthogonal" else 1e-6), name

run = jax.jit(lambda: ours.Orthogonal(seed=0)((1024, 1024)), out_shardings=w.sharding)
text = run.lower().compile().as_text()
assert len(re.findall(r"= \\S+ all-gather(?:-start)?\\(", text)) <= 4
print("shard by shard")
"""


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX has such layouts")
def test_layouts_of_model_parallelism_are_filled_shard_by_shard(tmp_path: Path) -> None:
    here = Path(__file__).resolve().parents[2]
    eight = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-c", DISTRIBUTED], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here / "adapters")]),
             "XLA_FLAGS": eight, "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "jax"},
        timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "shard by shard", done.stderr[-3000:]
