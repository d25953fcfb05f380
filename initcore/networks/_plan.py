"""The plan of a network: which initializer each weight gets, decided before anything is drawn."""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from ..arguments import key_of_seed, short_repr
from ..random import Rng
from ..spec import Kernel, Layout, Wording, specs
from ._roles import ROLES, Network, Weight
from ._rules import Rule, rule_of
from ._schemes import scheme_of

__all__ = ["Assignment", "Overrides", "Paths", "Plan", "draw", "plan"]

Overrides = Mapping[str, Any]
"""From patterns of paths and from roles to initializers, or to None."""
Paths = Mapping[str, str] | Callable[[str], str]
"""From paths to the names that keys are made from."""

WHO = "initialize"


@dataclass(frozen=True)
class Assignment:
    """What one weight gets.

    Attributes:
        weight: The weight and its role.
        name: The initializer, None for a weight that is left alone.
        parameters: Of the initializer, checked.
        why: The reason.
        key: The path the key is folded with; the same path gives the same values everywhere.
        layout: The framework's order of axes, with `groups` as they are drawn.
        shape: Canonical sizes that are drawn.
    """

    weight: Weight
    name: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    key: str = ""
    layout: Layout | None = None
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What every weight of a network gets, as data; nothing is drawn and no model is held.

    Attributes:
        assignments: One for each weight, in the model's order.
        network: Roles, branches and the traced graph.
        scheme, seed: As they were given.
        model: The model's name.
        needs_data: Whether the scheme measures a batch of real data when it is applied.
        output_variance: Variance on that batch that every layer's kernel is scaled to; None if
            nothing is scaled.
    """

    assignments: tuple[Assignment, ...]
    network: Network
    scheme: Any
    seed: int
    model: str = ""
    needs_data: bool = False
    output_variance: float | None = None

    @property
    def scheme_name(self) -> str:
        """The scheme's name; `"a mapping"` of one that the user listed."""
        return "a mapping" if isinstance(self.scheme, Mapping) else str(rule_of(self.scheme).name)


def plan(
    network: Network, scheme: Any, *, seed: int = 0, overrides: Overrides | None = None,
    paths: Paths | None = None, model: str = "",
) -> Plan:  # fmt: skip
    """The plan of a network: an assignment for every parameter.

    Args:
        network: What the adapter traced.
        scheme: A scheme's or an initializer's name, `(name, parameters)`, or a mapping from
            patterns of paths and from roles to initializers, for what it names alone.
        seed: Integer, `0 <= seed < 2**64`.
        overrides: Mapping from patterns of paths (`*` for anything) and from roles to what is to be
            used instead: an initializer's name, `(name, parameters)`, or None to leave it alone.
        paths: The names that keys are made from, where they are not the model's: a mapping, or a
            function of the path.
        model: The model's name, for reports.

    Frozen weights keep their values, unless a mapping or `overrides` names them.

    Raises:
        TypeError, ValueError: Something is unknown or does not fit, or everything is frozen;
            nothing has been drawn.
    """
    key_of_seed(seed, who=WHO)
    named = _table(overrides, "overrides")
    needs_data, output_variance = False, None
    if isinstance(scheme, Mapping):
        choose: Callable[[Weight], Rule] = _listed(_table(scheme, "scheme"), network)
    else:
        rule = rule_of(scheme, f"{WHO}: scheme")
        if rule.name is None:
            raise TypeError(f"{WHO} needs a scheme's name or a mapping, got None.")
        made, needs_data = scheme_of(network, rule.name, rule.parameters, WHO)
        choose, output_variance = made, made.output_variance
    instead = _listed(named, network) if named else None
    rename = paths if callable(paths) else _mapping(paths, "paths", "paths to names").get
    found = []
    for w in network.weights:
        rule = instead(w) if instead else _NOTHING
        if rule is _NOTHING:
            rule = choose(w)
            if w.parameter.frozen and rule.name is not None and not isinstance(scheme, Mapping):
                rule = _FROZEN
        key = rename(w.path) or w.parameter.key or w.path
        if not isinstance(key, str):
            raise TypeError(f"{WHO} needs paths to give names, got {short_repr(key)} for {w.path}.")
        found.append(_checked(w, rule, key))
    if not any(a.name for a in found) and any(w.parameter.frozen for w in network.weights):
        raise ValueError(
            f"{WHO} finds nothing to set: what training would change is frozen; unfreeze it, or "
            "name it in overrides."
        )
    return Plan(tuple(found), network, scheme, seed, model, needs_data, output_variance)


_NOTHING = Rule(None, {}, "not named")
_FROZEN = Rule(None, {}, "frozen; name it in overrides to set it")


def _mapping(given: Any, what: str, of: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(k, str) for k in given):
        raise TypeError(f"{WHO} needs {what} to be a mapping from {of}, got {short_repr(given)}.")
    return dict(given)


def _table(given: Any, what: str) -> dict[str, Rule]:
    entries = _mapping(given, what, "patterns or roles to initializers")
    return {k: rule_of(v, f"{WHO}: {what}[{k!r}]") for k, v in entries.items()}


def _listed(table: Mapping[str, Rule], network: Network) -> Callable[[Weight], Rule]:
    """The scheme that gives every weight what the last matching entry says."""
    for pattern in table:
        hits = pattern in ROLES or any(fnmatchcase(w.path, pattern) for w in network.weights)
        if not hits:
            paths = [w.path for w in network.weights]
            near = difflib.get_close_matches(pattern, [*paths, *ROLES], n=2, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else "."
            raise ValueError(f"{WHO}: no weight and no role is called {pattern!r}{hint}")

    def choose(w: Weight) -> Rule:
        found = _NOTHING
        for pattern, rule in table.items():
            if pattern == w.role or fnmatchcase(w.path, pattern):
                found = rule
        return found

    return choose


def _checked(w: Weight, rule: Rule, key: str) -> Assignment:
    """The assignment, or an error that names the weight."""
    p = w.parameter
    if rule.name is None:
        return Assignment(w, None, {}, rule.why, key)
    if rule.name not in specs:
        near = difflib.get_close_matches(rule.name, specs, n=2) or list(specs)
        raise ValueError(
            f"{WHO}: {p.path} cannot get {rule.name!r}, no such initializer; did you mean "
            f"{' or '.join(near)}?"
        )
    spec = specs[rule.name]
    layout, parameters = p.layout, dict(rule.parameters)
    kernel = layout.kernel(p.shape) if layout else Kernel(p.shape)
    if layout and w.parts > 1 and layout.groups == 1 and spec.grouped:
        layout = dataclasses.replace(layout, groups=w.parts)
        kernel = layout.kernel(p.shape)
    if spec.grouped and kernel.groups > 1:
        parameters["groups"] = kernel.groups
    wording = Wording(lambda name: f"{WHO}: {name} of {p.path}", "a tensor of shape", {})
    shape, parameters = spec.check(kernel.shape, parameters, wording=wording, shown=p.shape)
    why = "; ".join(filter(None, (rule.why, p.note)))
    return Assignment(w, rule.name, parameters, why, key, layout, shape)


def draw(assignment: Assignment, seed: int, *, xp: Any = np, dtype: Any, device: Any = None) -> Any:
    """The values of an assignment, in the framework's order of axes."""
    assert assignment.name is not None
    rng = Rng(seed, xp=xp, dtype=dtype, device=device).fold_in(assignment.key)
    w = specs[assignment.name].function(rng, assignment.shape, **assignment.parameters)
    if assignment.layout is None:
        return w
    return assignment.layout.from_canonical(w, assignment.weight.parameter.shape, xp=rng.xp)
