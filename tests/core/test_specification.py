"""The specification as a document: its pages, their schema, the golden vectors."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import initcore.specification
from initcore import Rng, specs
from initcore.specification import SCHEMA, as_data, extended, golden, pages, renewed, write_pages

FROZEN = Path(initcore.specification.__file__).with_name("golden.json").read_text()
Call = tuple[str, tuple[int, ...], str, str, int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("spec")
    write_pages(made)
    return made


def by_call(vectors: list[dict[str, Any]]) -> dict[Call, list[float]]:
    """Values by the call that gives them, whatever the order of the calls."""
    return {
        (v["initializer"], tuple(v["shape"]), repr(sorted(v["parameters"].items())), v["dtype"],
         v["seed"]): v["values"]
        for v in vectors
    }  # fmt: skip


def test_every_initializer_has_its_page(folder: Path) -> None:
    pages_of = {p.stem for p in folder.glob("*.md")} - {"index"}
    assert pages_of == {name for name, spec in specs.items() if spec.builtin}


def test_the_golden_vectors_are_what_seeds_mean_today() -> None:
    """They are frozen: if this fails, a seed has changed its meaning, which asks for a version."""
    frozen, today = (by_call(json.loads(text)["vectors"]) for text in (FROZEN, renewed()))
    assert len(frozen) > 200
    assert set(frozen) == set(today), (
        "run `initcore spec --golden initcore/specification/golden.json`"
    )
    for call, values in frozen.items():
        np.testing.assert_allclose(values, today[call], rtol=2e-5, atol=1e-7, err_msg=str(call))
    assert {one.dtype for one in golden()} == {"float32", "float64", "bfloat16", "float16"}


def test_new_initializers_get_vectors_and_the_others_keep_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert extended() == FROZEN
    kept = [one for one in golden() if one.initializer != "hadamard"]
    monkeypatch.setattr("initcore.specification._golden.golden", lambda: kept)
    before, after = (json.loads(text)["vectors"] for text in (FROZEN, extended()))
    assert after[: len(before)] == before
    assert {one["initializer"] for one in after[len(before) :]} == {"hadamard"}


def test_an_initializer_without_golden_vectors_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = [one for one in golden() if one.initializer != "hadamard"]
    monkeypatch.setattr("initcore.specification._pages.golden", lambda: kept)
    with pytest.raises(ValueError, match=r"hadamard has no golden vectors.*initcore spec --golden"):
        pages()


def test_a_vector_is_the_call_it_names() -> None:
    one = next(v for v in golden() if v.initializer == "uniform" and v.dtype == "float64")
    w = specs["uniform"].function(Rng(one.seed, dtype="float64"), one.shape, **one.parameters)
    assert np.array_equal(w, one.array())


def test_checksums_are_those_of_the_files(folder: Path) -> None:
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def broken(change: Any) -> Any:
    data = copy.deepcopy(as_data())
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("version"),
        lambda d: d["initializers"]["orthogonal"].pop("invariants"),
        lambda d: d["initializers"]["orthogonal"]["invariants"].clear(),
        lambda d: d["initializers"]["sparse"]["parameters"]["sparsity"].pop("required"),
        lambda d: d["initializers"]["normal"]["parameters"]["std"].update(kind="complex"),
        lambda d: d["initializers"]["normal"].update(extra=1),
    ],
)
def test_the_schema_takes_the_data_and_refuses_broken_ones(change: Any) -> None:
    data = json.loads(json.dumps(as_data()))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(data, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken(change), SCHEMA)


def test_every_parameter_and_invariant_is_on_its_page(folder: Path) -> None:
    for name, spec in specs.items():
        page = (folder / f"{name}.md").read_text()
        assert all(f"| `{p}` |" in page for p in spec.parameters)
        assert all(f"- {invariant}" in page for invariant in spec.invariants)
        assert spec.statement in page
