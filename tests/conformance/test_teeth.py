"""Every wrong implementation is found by the check meant for it; a right one by none."""

import pytest

from initcore import specs
from initcore_conformance import CHECKS, conform
from initcore_conformance._runner import examine

from .independent import Independent
from .table import PAGE, rows
from .zoo import FAULTS, Fault

CHECK = {check.id: check for check in CHECKS}
KILLED: dict[str, list[str]] = {}


def test_an_independent_implementation_passes_everything() -> None:
    # About 4000 statistics, each wrong with a probability below 1e-7: one seed in 2500, and
    # docs/false_alarms.md has what hundreds of seeds gave.
    assert set(Independent.initializers) == set(specs)
    results = conform([Independent()])
    assert not results.failures, "\n\n".join(f"{o.id}\n{o.failure}" for o in results.failures)
    skipped = {(o.initializer, o.check) for o in results.outcomes if o.status == "skipped"}
    assert {check for _, check in skipped} == {
        "reference", "golden",  # of the portable stream alone
        "statistics", "across_seeds", "seeds",  # of what is random
    }  # fmt: skip
    assert {name for name, check in skipped if check == "seeds"} == {
        name for name, spec in specs.items() if not spec.random
    }


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


def test_the_page_names_every_fault_and_the_check_meant_for_it() -> None:
    page = PAGE.read_text().splitlines()
    for fault in FAULTS:
        start = f"| `{fault.initializer}` | {fault.name} | "
        (row,) = [line for line in page if line.startswith(start)]
        assert f"**{fault.check}**" in row
    assert len(FAULTS) == sum(line.startswith("| `") for line in page)


@pytest.mark.thorough
def test_the_page_is_what_the_checks_find() -> None:
    page = PAGE.read_text()
    assert all(row in page for row in rows()), "run python -m tests.conformance.table"
