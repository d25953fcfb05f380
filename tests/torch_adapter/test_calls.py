"""What a call does no more than it must: arguments are checked once, and known ones not again."""

from typing import Any

import pytest
import torch

import initcore_torch as init
from initcore.spec import Spec
from initcore_torch import _fill


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of initializers whose arguments were checked."""
    found: list[str] = []
    check = Spec.check

    def counted(self: Spec, *args: Any, **kwargs: Any) -> Any:
        found.append(self.name)
        return check(self, *args, **kwargs)

    monkeypatch.setattr(Spec, "check", counted)
    monkeypatch.setattr(_fill, "_plans", {})
    return found


def test_arguments_are_checked_once_and_known_ones_not_again(checks: list[str]) -> None:
    for _ in range(3):
        init.normal_(torch.empty(4, 3), std=0.5, seed=1)
        init.orthogonal_(torch.empty(4, 3))
    assert checks == ["normal", "orthogonal"]
    init.normal_(torch.empty(4, 3), std=0.25)
    init.normal_(torch.empty(3, 4), std=0.5)
    assert checks[2:] == ["normal", "normal"]


def test_true_is_not_taken_for_a_known_1() -> None:
    init.normal_(torch.empty(2, 2), std=1.0)
    init.normal_(torch.empty(2, 2), std=1)
    with pytest.raises(TypeError, match="got True"):
        init.normal_(torch.empty(2, 2), std=True)


def test_a_number_that_can_change_is_looked_at_each_time() -> None:
    std = torch.tensor(0.5)
    first = init.normal_(torch.empty(4, 3), std=std, seed=1)
    std.mul_(2)
    assert torch.equal(init.normal_(torch.empty(4, 3), std=std, seed=1), 2 * first)
    std.neg_()
    with pytest.raises(ValueError, match="std"):
        init.normal_(torch.empty(4, 3), std=std, seed=1)


def test_known_arguments_are_forgotten_when_there_are_many(
    checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fill, "MOST_PLANS", 5)
    for n in range(1, 20):
        init.normal_(torch.empty(n, 2))
        assert len(_fill._plans) <= 5
    assert len(checks) == 19


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_identities_are_written_in_place(dtype: torch.dtype) -> None:
    for shape, groups in (((3, 5), 1), ((6, 2, 3), 3), ((6, 5, 2, 3), 2), ((4, 9, 3, 3, 3), 1)):
        w = torch.full(shape, 7.0, dtype=dtype)
        assert init.identity_(w, gain=0.3, groups=groups) is w
        rows, (out, in_) = shape[0] // groups, (shape[0] // groups, shape[1])
        center = tuple((k - 1) // 2 for k in shape[2:])
        for g in range(groups):
            tap = w[(slice(g * rows, g * rows + rows), slice(None), *center)]
            assert torch.equal(tap, 0.3 * torch.eye(out, in_, dtype=dtype))
        assert w.count_nonzero() == groups * min(out, in_)
    for view in (
        torch.full((5, 3), 7.0, dtype=dtype).T,
        torch.full((4, 4), 7.0, dtype=dtype)[:, 1:],
    ):
        assert torch.equal(init.eye_(view), torch.eye(*view.shape, dtype=dtype))


def test_identities_leave_gradients_and_versions_as_they_are() -> None:
    for wanted in (True, False):
        w = torch.nn.Parameter(torch.zeros(3, 4), requires_grad=wanted)
        version = w._version
        for fill in (init.eye_, init.identity_):
            assert fill(w) is w
            assert w.requires_grad is wanted
            assert w.grad_fn is None
            assert w._version > version
            version = w._version
