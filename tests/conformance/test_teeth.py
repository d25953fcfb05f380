"""Every wrong implementation is found by the check meant for it; a right one by none."""

from typing import Any

import pytest

from initcore import specs
from initcore_conformance import CHECKS, conform
from initcore_conformance._runner import examine

from .independent import Independent
from .zoo import FAULTS, Fault

CHECK = {check.id: check for check in CHECKS}
KILLED: dict[str, list[str]] = {}


def test_an_independent_implementation_passes_everything() -> None:
    # About 10**5 statistics, each wrong with a probability below 1e-7: one seed in a hundred.
    results = conform([Independent()])
    assert not results.failures, "\n\n".join(f"{o.id}\n{o.failure}" for o in results.failures)
    assert results.count("passed") > 100
    skipped = {o.check for o in results.outcomes if o.status == "skipped"}
    assert "invariants" not in skipped
    assert "rejection" not in skipped


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.make.__name__)
def test_a_fault_is_found_by_the_check_meant_for_it(fault: Fault) -> None:
    spec, backend = specs[fault.initializer], fault.make()
    failure, _ = examine(CHECK[fault.check], backend, spec)
    assert failure, f"{fault.check} does not see that {fault.initializer} {fault.name}"
    assert failure.got
    assert failure.should
    assert fault.initializer in failure.call


def test_every_check_has_a_fault_to_find() -> None:
    assert {f.check for f in FAULTS} == set(CHECK)


def test_faults_of_few_kinds_do_not_stand_for_all() -> None:
    assert len(FAULTS) >= 80
    derived = {"lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal",
               "he_uniform"}  # fmt: skip
    assert {f.initializer for f in FAULTS} >= set(specs) - derived
    assert all(f.name and f.name[0].islower() for f in FAULTS)


@pytest.mark.thorough
def test_the_table_of_faults_and_checks(capsys: Any) -> None:
    table = []
    for fault in FAULTS:
        backend, spec = fault.make(), specs[fault.initializer]
        found = [c.id for c in CHECKS if not c.skip(backend, spec) and examine(c, backend, spec)[0]]
        table.append((fault, found))
    with capsys.disabled():
        for fault, found in table:
            print(f"{fault.initializer:<18}{fault.name:<72}{' '.join(found)}")
    assert all(fault.check in found for fault, found in table)
