"""`initcore init`: models of every kind become files that their frameworks load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch

from tests.tools.alone import alone
from tests.tools.command import Run

ROOT = Path(__file__).parents[2]
NETS = """
import equinox as eqx
import jax
from flax import nnx
from torch import nn


def plain():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).bfloat16()


class Flax(nnx.Module):
    def __init__(self):
        self.a = nnx.Linear(4, 8, rngs=nnx.Rngs(0))
        self.b = nnx.Linear(8, 2, rngs=nnx.Rngs(0))

    def __call__(self, x):
        return self.b(jax.nn.relu(self.a(x)))


def equinox():
    return eqx.nn.MLP(4, 2, 8, 1, key=jax.random.key(0))


def three():
    return 3
"""
GPT2 = {"model_type": "gpt2", "n_layer": 3, "n_head": 2, "n_embd": 16, "vocab_size": 32,
        "n_positions": 16, "bos_token_id": 0, "eos_token_id": 0}  # fmt: skip


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "made_for_init.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_model_of_pytorch_becomes_a_file_that_it_loads(nets: Path, run: Run) -> None:
    done = run("init", "made_for_init:plain", "--seed", 3, "--out", "w.safetensors")
    assert done.returncode == 0, done.stderr
    assert "orthogonal(gain=1.4142)  gain of relu" in done.stdout
    weights = load_torch(nets / "w.safetensors")
    assert weights["0.weight"].dtype == torch.bfloat16
    w = weights["0.weight"].double()
    assert torch.allclose(w.T @ w, 2 * torch.eye(4, dtype=torch.double), atol=2**-6)


@pytest.mark.parametrize(("name", "kernel"), [("Flax", "a.kernel"), ("equinox", "layers.0.weight")])
def test_models_of_jax_have_the_paths_of_the_report(
    nets: Path, run: Run, name: str, kernel: str
) -> None:
    done = run("init", f"made_for_init:{name}", "--out", "w.safetensors", "--json")
    told = json.loads(done.stdout)["weights"]
    weights = load_file(nets / "w.safetensors")
    assert set(weights) == set(told)
    assert told[kernel]["initializer"] == "orthogonal"
    assert weights[kernel].size == 32
    assert run("compare", "w.safetensors", "w.safetensors").returncode == 0


@pytest.mark.filterwarnings("ignore")  # transformers' own
def test_a_configuration_of_transformers_becomes_a_checkpoint(nets: Path, run: Run) -> None:
    transformers = pytest.importorskip("transformers")
    (nets / "config.json").write_text(json.dumps(GPT2))
    done = run("init", ".", "--dtype", "bfloat16", "--out", "model.safetensors",
               "--report", "init.html")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "transformer.h.0 to h.2: 3 blocks, alike" in done.stdout
    assert "<svg" in (nets / "init.html").read_text("utf-8")
    model = transformers.GPT2LMHeadModel.from_pretrained(nets, dtype=torch.bfloat16)
    stored = load_torch(nets / "model.safetensors")
    assert torch.equal(model.transformer.wte.weight, stored["transformer.wte.weight"])
    assert "lm_head.weight" not in stored  # it is the same tensor


def test_keras_models_are_read_from_their_files(nets: Path) -> None:
    code = """
import keras, numpy as np
from safetensors.numpy import load_file
from initcore.cli import main
import sys
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu", name="a"),
                          keras.layers.BatchNormalization(name="n")], name="s")
model.save("m.keras")
open("m.json", "w").write(model.to_json())
for name in ("m.keras", "m.json"):
    sys.argv = ["initcore", "init", name, "--out", name + ".safetensors"]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
a, b = load_file("m.keras.safetensors"), load_file("m.json.safetensors")
assert set(a) == set(b) and all((a[k] == b[k]).all() for k in a), set(a) ^ set(b)
w = a["a/kernel"]
assert abs(w @ w.T - 2 * np.eye(4)).max() < 1e-5
assert "n/moving_mean" in " ".join(a), list(a)
"""
    alone(code, KERAS_BACKEND="torch")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nope",), "a file or module:callable, got 'nope', which is neither"),
        (("made_for_init:gone",), "has no attribute 'gone'"),
        (("made_for_init:three",), "PyTorch, Keras, Flax nnx or Equinox, got int"),
        (("made_for_init:plain", "--out", "w.pt"), "needs --out to end in .safetensors"),
        (("made_for_init:plain", "--scheme", "ortogonal"), "did you mean orthogonal"),
        (("made_for_init.py",), "as JSON"),
        (("made_for_init:Flax", "--dtype", "bfloat16"), "this model knows its own"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    nets: Path, run: Run, arguments: tuple[str, ...], text: str
) -> None:
    done = run("init", *arguments)
    assert done.returncode != 0
    assert text in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(nets.glob("*.safetensors"))


def test_several_gains_are_a_table(run: Run) -> None:
    lines = run("gain", "relu", "gelu", "tanh").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["activation", "relu", "gelu", "tanh"]
    found = json.loads(run("gain", "relu", "tanh", "--json").stdout)
    assert found[0]["variance factor"] == pytest.approx(2.0)


def test_what_is_shown_is_json_too(run: Run) -> None:
    names = [entry["name"] for entry in json.loads(run("list", "--json").stdout)]
    assert "orthogonal" in names
    assert json.loads(run("show", "orthogonal", "--json").stdout)["parameters"]["gain"]["unit"]
    drawn = json.loads(run("sample", "orthogonal", "--shape", "3,3", "--json").stdout)
    w = np.array(drawn["values"])
    np.testing.assert_allclose(w @ w.T, np.eye(3), atol=1e-6)


def test_pictures_are_drawn_as_svg(tmp_path: Path, run: Run) -> None:
    for command in (("critical", "tanh", "--q", 0.2), ("spectrum", "tanh", "--depth", 9)):
        assert run(*command, "--plot", tmp_path / "a.svg").returncode == 0
        assert "<svg" in (tmp_path / "a.svg").read_text("utf-8")


def test_narrow_terminals_and_pipes_get_plain_lines() -> None:
    columns = 34
    command = [sys.executable, "-m", "initcore"]
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "adapters"))
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": str(columns), "PYTHONPATH": paths}
    for arguments in (["list"], ["init", "--help"]):
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, env=environment, check=True
        )
        assert "\x1b[3" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= columns
    piped = subprocess.run(
        " ".join([*command, "list", "--json", "|", "head", "-c", "20"]), shell=True,
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    assert piped.stdout.startswith('[{"name"')
    assert not piped.stderr
