"""`initialize`: a plan is made, checked against the model's weights, and applied."""

import contextlib
import itertools
import math
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar, cast

from ..arguments import key_of_seed
from ..random import Rng
from ..reports import progress
from ._assignment import Assignment, Paths
from ._fitting import difference, fitted
from ._framework import FillableModel, PlannedModel, SentModel, SharedModel, TracedModel
from ._plan import Plan
from ._planning import plan
from ._report import Report
from ._rules import AskedScheme, Overrides
from .roles import Network, describe_network

__all__ = ["apply_plan", "apply_to", "initialize", "make_plan", "verify"]

R = TypeVar("R")
Check = Callable[[Any, Network, int], Any]
"""From a model, its network and a seed to a report of its signals, or why there is none."""
WHO = "initialize"


def initialize(
    model: FillableModel[R], scheme: AskedScheme, *, seed: int, overrides: Overrides | None,
    paths: Paths | None, only: str | Collection[str] | None = None,
    input_scale: float | None = None, check: Check | None = None,
) -> R:  # fmt: skip
    """Give every weight of a model what a scheme says for its role.

    Args:
        model: The user's model, as its adapter shows it.
        scheme, seed, overrides, paths, only, input_scale: As the user gave them.
        check: What runs the initialized model once, for the report.

    Returns:
        What `model.finish` makes of the report.

    Raises:
        TypeError, ValueError: An argument is wrong, or the network is not made for the scheme; the
            model is unchanged.
    """
    made = make_plan(model, scheme, seed=seed, overrides=overrides, paths=paths, only=only,
                     input_scale=input_scale)  # fmt: skip
    return apply_plan(made, model, check)


def make_plan(
    model: FillableModel[Any], scheme: AskedScheme, *, seed: int, overrides: Overrides | None,
    paths: Paths | None, only: str | Collection[str] | None = None,
    input_scale: float | None = None,
) -> Plan:  # fmt: skip
    """What `initialize` would write into a model, which it only looks at.

    Args:
        scheme, overrides, only, input_scale: As of the adapters' `plan`.
    """
    key_of_seed(seed, who=WHO)
    names = list(model.quantized)
    if names:
        raise TypeError(
            f"{WHO} cannot set the quantized weights of {', '.join(names[:3])}"
            f"{', ...' if len(names) > 3 else ''}; initialize the model before it is quantized."
        )
    network = describe_network(model.graph)
    return plan(network, scheme, seed=seed, overrides=overrides, paths=paths, only=only,
                input_scale=input_scale, model=model.name)  # fmt: skip


def apply_to(plan: Plan, model: PlannedModel[R], check: Check | None = None) -> R:
    """Fill what is here of a planned model: all of it, its shards, or a stage.

    Raises:
        ValueError: The plan is of another model; nothing has been written.
    """
    return apply_plan(fitted(plan, model.shapes, "Plan.apply"), model, check)


def verify(plan: Plan, model: PlannedModel[Any]) -> None:
    """Draw again what is here of a planned model, and compare.

    Raises:
        ValueError: The plan is of another model, or a weight is not what it gives it.
    """
    who = "Plan.fingerprint"
    if plan.output_variance is not None:
        raise ValueError(f"{who}: the scheme {plan.scheme_name} scales weights by data.")
    here = fitted(plan, model.shapes, who).assignments
    for a in progress([a for a in here if a.name is not None], who):
        trouble = difference(a, plan.seed, model.parts(a.weight.path))
        if trouble:
            raise ValueError(f"{who}: {a.weight.path} {trouble}.")


def apply_plan(plan: Plan, model: FillableModel[R], check: Check | None = None) -> R:
    """Fill the weights of a model as planned; what cannot be filled is refused before the first."""
    if plan.needs_data and not hasattr(model, "run_scaled"):
        raise ValueError(f"{WHO} cannot run this model, as the scheme {plan.scheme_name!r} needs.")
    if plan.needs_data and not model.has_data:
        raise ValueError(
            f"{WHO} needs sample_input, a batch of real data, for scheme {plan.scheme_name!r}."
        )
    chosen = [a for a in plan.assignments if a.name is not None]
    for a in chosen:
        model.check_weight(a.weight.path)
    if plan.output_variance is None:
        _write(chosen, plan.seed, model)
        report = Report(plan, {}, tuple(getattr(model, "unwritten", ())))
        return model.finish(_checked(report, plan, model, check))
    traced = cast(TracedModel[R], model)  # what has data can be run
    # Drawing cannot fail any more; only data may turn out to be of no use.
    paths = [a.weight.path for a in chosen]
    with traced.restored_on_error(paths):
        _write(chosen, plan.seed, traced)
        report = Report(plan, _scaled(plan, paths, traced))
    return traced.finish(_checked(report, plan, model, check))


def _checked(report: Report, plan: Plan, model: FillableModel[Any], check: Check | None) -> Report:
    """The report with what one run of the initialized model shows."""
    if check is not None and plan.network.graph.traced:
        report.signals = check(model, plan.network, plan.seed)
    return report


def _write(chosen: Sequence[Assignment], seed: int, model: FillableModel[Any]) -> None:
    """Write the weights, side by side those that the model lets be."""
    keys = {a.weight.path: Rng(seed).fold_in(a.key).key for a in chosen}
    if hasattr(model, "announce"):
        cast(SentModel[Any], model).announce([(a, keys[a.weight.path]) for a in chosen])

    def write(a: Assignment) -> None:
        model.write(a, keys[a.weight.path])

    beside = getattr(model, "beside", None)
    some = [a for a in chosen if beside(a.weight.path)] if beside else []
    if len(some) < 2:
        some = []
    paths = {a.weight.path for a in some}
    rest = map(write, (a for a in chosen if a.weight.path not in paths))
    with cast(SharedModel[Any], model).pool() if some else contextlib.nullcontext() as pool:
        together = pool.map(write, some) if pool else ()
        for _ in progress(itertools.chain(together, rest), WHO, len(chosen)):
            pass


def _scaled(plan: Plan, chosen: Sequence[str], model: TracedModel[Any]) -> dict[str, float]:
    """Scale each kernel so that its layer's output has the planned variance, and say by how much.

    Layer-sequential unit variance (Mishkin & Matas, ICLR 2016), in one run: each layer hands on its
    output as it will be, so that later layers see it.
    """
    wanted = plan.output_variance
    assert wanted is not None
    scales: dict[str, float] = {}

    def factor(path: str, variance: float) -> float:
        if path not in scales:
            if not (math.isfinite(variance) and variance > 0):
                raise ValueError(
                    f"{plan.scheme_name}: the output of {path} has variance {variance:g} on this "
                    f"data, which no factor takes to {wanted:g}; the model is unchanged."
                )
            scales[path] = math.sqrt(wanted / variance)
        return scales[path]

    kernels = {w.path for w in plan.network.kernels}
    model.run_scaled(kernels & {*chosen}, factor)
    for path, scale in scales.items():
        model.scale(path, scale)
    return scales
