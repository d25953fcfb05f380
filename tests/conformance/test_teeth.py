"""Every wrong implementation is found by the check meant for it; a right one by none."""

from collections.abc import Iterable
from typing import Any

import pytest

from initcore import specs
from initcore_conformance import CHECKS, Case, _runner, conform
from initcore_conformance._runner import examine

from .independent import Independent
from .zoo import FAULTS, HANGS, Fault
from .zoo._fault import BUILTIN, DERIVED

CHECK = {check.id: check for check in CHECKS}
HOW_TO = """{0} has no wrong twin. File a likely mistake in a module of tests/conformance/zoo:

@fault("{0}", "invariants")  # the check that finds it
class ALikelyMistake(Bent):
    \"\"\"says what is wrong, without a capital letter\"\"\"

    def bent(self, name, w, given):
        return ...  # the right kernel w, made wrong

If {0} is variance_scaling with fixed arguments, add it to DERIVED in zoo/_fault.py instead."""


def test_an_independent_implementation_passes_everything() -> None:
    # About 4000 statistics, each wrong with a probability below 1e-7: one seed in 2500.
    # docs/false_alarms.md has the results of hundreds of seeds.
    assert set(Independent.initializers) == set(BUILTIN)
    results = conform([Independent()])
    assert not results.failures, "\n\n".join(f"{o.id}\n{o.failure}" for o in results.failures)
    skipped = {(o.initializer, o.check) for o in results.outcomes if o.status == "skipped"}
    assert {check for _, check in skipped} == {
        "reference", "golden",  # of the portable stream alone
        "complex", "part", "drop_in",  # which it makes none of
        "statistics", "across_seeds", "seeds",  # of what is random
    }  # fmt: skip
    assert {name for name, check in skipped if check == "seeds"} == {
        name for name, spec in BUILTIN.items() if not spec.random
    }


def _cases() -> list[Any]:
    """All faults; those repeated for another initializer are thorough."""
    slow = pytest.mark.thorough
    return [
        pytest.param(f, id=f"{f.make.__name__}-{f.initializer}", marks=[slow] if f.again else [])
        for f in FAULTS
    ]


@pytest.mark.parametrize("fault", _cases())
def test_a_fault_is_found_by_the_check_meant_for_it(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_runner, "TIME_LIMIT", HANGS)
    monkeypatch.setattr(_runner, "SHRINKING", 0.0)  # any failing case will do
    spec, backend = specs[fault.initializer], fault.make()
    failure, _ = examine(CHECK[fault.check], backend, spec)
    assert failure, f"{fault.check} does not see that {fault.initializer} {fault.name}"
    assert failure.got
    assert failure.should
    assert fault.initializer in failure.call


def test_every_check_has_a_fault_to_find() -> None:
    assert {f.check for f in FAULTS} == set(CHECK)


def without_a_twin(faults: Iterable[Fault]) -> list[str]:
    """The initializers for which no fault was made: those of all initializers do not count."""
    own = {f.initializer for f in faults if not f.again}
    return [name for name in BUILTIN if name not in own and name not in DERIVED]


def test_every_initializer_has_a_wrong_twin_of_its_own() -> None:
    missing = without_a_twin(FAULTS)
    assert not missing, HOW_TO.format(*missing)


def test_an_initializer_without_a_wrong_twin_is_named() -> None:
    assert without_a_twin(f for f in FAULTS if f.again or f.initializer != "hadamard") == [
        "hadamard"
    ]


def test_every_initializer_has_many_faults() -> None:
    for name, spec in BUILTIN.items():
        filed = {f.name for f in FAULTS if f.initializer == name}
        assert len(filed) >= (16 if spec.random else 6), name
    assert all(f.name and f.name[0].islower() for f in FAULTS)


def test_groups_that_differ_by_rounding_alone_are_equal() -> None:
    # Of one channel a kernel is +-1 at one of 9 taps: the core leaves 1 - 1e-7 here and there.
    case = Case((400, 1, 3, 3), {"groups": 400})
    assert CHECK["statistics"].run(Independent(), specs["conv_orthogonal"], case) is None
