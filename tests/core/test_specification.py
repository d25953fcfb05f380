"""The specification as a document: the files in docs/spec, their schema, the golden vectors."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from initcore import Rng, specs
from initcore.specification import SCHEMA, as_data, extended, golden, pages, renewed

FOLDER = Path(__file__).parents[2] / "docs" / "spec"


def test_the_files_are_those_of_the_specifications() -> None:
    made = pages()
    assert set(made) == {p.name for p in FOLDER.iterdir()}
    for name, text in made.items():
        assert (FOLDER / name).read_text() == text, f"run `initcore spec`: {name} is old"


def test_the_golden_vectors_are_what_seeds_mean_today() -> None:
    """They are frozen: if this fails, a seed has changed its meaning, which asks for a version."""
    today = [json.loads(line.rstrip(",")) for line in renewed().splitlines()[1:-1]]
    frozen = golden()
    assert len(frozen) == len(today) > 200
    for one, now in zip(frozen, today, strict=True):
        assert (one.initializer, one.dtype, one.seed) == (
            now["initializer"],
            now["dtype"],
            now["seed"],
        )
        np.testing.assert_allclose(one.values, now["values"], rtol=2e-5, atol=1e-7)
    assert {one.initializer for one in frozen} == set(specs)
    assert {one.dtype for one in frozen} == {"float32", "float64", "bfloat16", "float16"}


def test_new_initializers_get_vectors_and_the_others_keep_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen = (FOLDER / "golden.json").read_text()
    assert extended() == frozen
    kept = [one for one in golden() if one.initializer != "hadamard"]
    monkeypatch.setattr("initcore.specification._golden.golden", lambda: kept)
    before, after = (json.loads(text)["vectors"] for text in (frozen, extended()))
    assert after[: len(before)] == before
    assert {one["initializer"] for one in after[len(before) :]} == {"hadamard"}


def test_a_vector_is_the_call_it_names() -> None:
    one = next(v for v in golden() if v.initializer == "uniform" and v.dtype == "float64")
    w = specs["uniform"].function(Rng(one.seed, dtype="float64"), one.shape, **one.parameters)
    assert np.array_equal(w, one.array())


def test_checksums_are_those_of_the_files() -> None:
    for line in (FOLDER / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


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


def test_every_parameter_and_invariant_is_on_its_page() -> None:
    for name, spec in specs.items():
        page = (FOLDER / f"{name}.md").read_text()
        assert all(f"| `{p}` |" in page for p in spec.parameters)
        assert all(f"- {invariant}" in page for invariant in spec.invariants)
        assert spec.statement in page
