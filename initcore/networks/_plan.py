"""The plan of a network: which initializer each weight gets, decided before anything is drawn."""

import dataclasses
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from ..arguments import key_of_seed, short_repr
from ..random import Rng
from ..spec import Kernel, Layout, Spec, Wording, specs
from ._activation import LINEAR
from ._roles import ROLES, Network, Weight
from ._rules import Rule, rule_of
from ._schemes import scheme_of

__all__ = ["Assignment", "Overrides", "Paths", "Piece", "Plan", "draw", "draw_with", "plan"]

Overrides = Mapping[str, Any]
"""From patterns of paths and from roles to initializers, or to None."""
Paths = Mapping[str, str] | Callable[[str], str]
"""From paths to the names that keys are made from."""

WHO = "initialize"


@dataclass(frozen=True)
class Piece:
    """What some of a fused kernel's outputs get.

    Attributes:
        role: What they are for.
        rows: Ranges of outputs, `(first, stop)`, in order.
        name, parameters: The initializer, checked.
        shape: Canonical sizes that are drawn.
        why: The reason.
    """

    role: str
    rows: tuple[tuple[int, int], ...]
    name: str
    parameters: Mapping[str, Any]
    shape: tuple[int, ...]
    why: str = ""


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
        pieces: Of a fused kernel what its rows get, where that differs; then `name` and
            `parameters` are those of the first.
        starts: Rows, along the first axis, that get a number instead, as `(first, stop, number)`.
    """

    weight: Weight
    name: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    key: str = ""
    layout: Layout | None = None
    shape: tuple[int, ...] = ()
    pieces: tuple[Piece, ...] = ()
    starts: tuple[tuple[int, int, float], ...] = ()


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
        asked = rule is not _NOTHING
        if not asked:
            rule = kept(w) or choose(w)
            if w.parameter.frozen and rule.name is not None and not isinstance(scheme, Mapping):
                rule = _FROZEN
        key = rename(w.path) or w.parameter.key or w.path
        if not isinstance(key, str):
            raise TypeError(f"{WHO} needs paths to give names, got {short_repr(key)} for {w.path}.")
        found.append(_checked(w, rule, key))
        if w.pieces and rule.name is not None:
            rules = []
            for piece in w.pieces:
                own = rule if asked else instead(piece) if instead else _NOTHING
                rules.append(choose(piece) if own is _NOTHING else own)
            found[-1] = _pieced(found[-1], rules)
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


def kept(w: Weight) -> Rule | None:
    """The rule of a weight whose own start belongs to the architecture, or None."""
    p = w.parameter
    if p.keep:
        return Rule(None, {}, p.keep)
    if w.role == "time_step" and w.rows is None and not w.pieces:
        return Rule(None, {}, "a time step's own start belongs to the architecture")
    if w.role == "bias" and w.activation != LINEAR and p.value:
        return Rule(None, {}, f"a gate that its module starts at {p.value:g}")
    if w.role == "adapter_in":
        return Rule(None, {}, "first of a low-rank update; its last one starts at 0")
    if w.role == "adapter_out":
        return Rule("zeros", {}, "a low-rank update starts at 0")
    whole = [value for first, stop, value in p.starts if (first, stop) == (0, *p.shape[:1])]
    if whole and p.kind in ("scale", "shift", "bias"):
        return Rule("constant", {"value": whole[0]}, f"starts at {whole[0]:g} by its module")
    return None


def _checked(w: Weight, rule: Rule, key: str) -> Assignment:
    """The assignment, or an error that names the weight."""
    p = w.parameter
    if rule.name is None:
        return Assignment(w, None, {}, rule.why, key)
    layout = p.layout
    kernel = layout.kernel(p.shape) if layout else Kernel(p.shape)
    if layout and w.parts > 1 and layout.groups == 1 and _spec(w, rule).grouped:
        layout = dataclasses.replace(layout, groups=w.parts)
        kernel = layout.kernel(p.shape)
    shape, parameters = _fitted(w, rule, kernel)
    why = "; ".join(filter(None, (rule.why, p.note)))
    starts = p.starts if rule.name not in ("constant", "zeros", "ones") or p.kind == "bias" else ()
    return Assignment(w, rule.name, parameters, why, key, layout, shape, (), starts)


def _spec(w: Weight, rule: Rule) -> Spec:
    assert rule.name is not None
    if rule.name not in specs:
        near = difflib.get_close_matches(rule.name, specs, n=2) or list(specs)
        raise ValueError(
            f"{WHO}: {w.path} cannot get {rule.name!r}, no such initializer; did you mean "
            f"{' or '.join(near)}?"
        )
    return specs[rule.name]


def _fitted(
    w: Weight, rule: Rule, kernel: Kernel
) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Canonical sizes and checked parameters of what is drawn for a weight."""
    spec, p = _spec(w, rule), w.parameter
    parameters = dict(rule.parameters)
    if spec.grouped and kernel.groups > 1:
        parameters["groups"] = kernel.groups
    wording = Wording(lambda name: f"{WHO}: {name} of {p.path}", "a tensor of shape", {})
    return spec.check(kernel.shape, parameters, wording=wording, shown=p.shape)


def _pieced(whole: Assignment, rules: Sequence[Rule]) -> Assignment:
    """The assignment of a fused kernel whose rows are kernels of their own."""
    w = whole.weight
    layout = w.parameter.layout
    kernel = layout.kernel(w.parameter.shape) if layout else None
    if layout is None or kernel is None or layout.groups > 1:
        return whole
    count = kernel.groups
    rules = [r if r.name is not None else Rule(whole.name, whole.parameters, r.why) for r in rules]
    same = all((r.name, r.parameters) == (rules[0].name, rules[0].parameters) for r in rules)
    sizes = {len(piece.rows) for piece in w.pieces}
    ranges = [_ranges(piece.rows) for piece in w.pieces]
    if same and len(sizes) == 1 and all(len(r) == 1 for r in ranges) and count == 1:
        fused = dataclasses.replace(w, parts=len(rules))
        made = _checked(fused, rules[0], whole.key)
        return dataclasses.replace(made, weight=w)
    pieces = []
    for piece, rule, rows in zip(w.pieces, rules, ranges, strict=True):
        assert rule.name is not None
        part = Kernel((count * len(piece.rows), *kernel.shape[1:]), count)
        shape, parameters = _fitted(w, rule, part)
        pieces.append(Piece(piece.role, rows, rule.name, parameters, shape, rule.why))
    first = pieces[0]
    why = "; ".join(dict.fromkeys(f"{p.role}: {p.why}" for p in pieces))
    return dataclasses.replace(whole, name=first.name, parameters=first.parameters, why=why,
                               shape=kernel.shape, pieces=tuple(pieces))  # fmt: skip


def _ranges(rows: Any) -> tuple[tuple[int, int], ...]:
    """Increasing integers as ranges.

    >>> _ranges(np.array([0, 1, 2, 5, 6]))
    ((0, 3), (5, 7))
    """
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    return tuple((int(run[0]), int(run[-1]) + 1) for run in np.split(np.asarray(rows), breaks))


def draw(assignment: Assignment, seed: int, *, xp: Any = np, dtype: Any, device: Any = None) -> Any:
    """The values of an assignment, in the framework's order of axes."""
    return draw_with(
        Rng(seed, xp=xp, dtype=dtype, device=device).fold_in(assignment.key), assignment
    )


def draw_with(rng: Rng, assignment: Assignment) -> Any:
    """The same, with the weight's own key."""
    assert assignment.name is not None
    xp, p = rng.xp, assignment.weight.parameter
    if assignment.pieces:
        w = _drawn_in_pieces(rng, assignment)
    else:
        w = specs[assignment.name].function(rng, assignment.shape, **assignment.parameters)
    if assignment.layout is not None:
        w = assignment.layout.from_canonical(w, p.shape, xp=xp)
    for first, stop, value in assignment.starts:
        rows = xp.full_like(w[first:stop, ...], value)
        w = xp.concat([w[:first, ...], rows, w[stop:, ...]], axis=0)
    return w


def _drawn_in_pieces(rng: Rng, assignment: Assignment) -> Any:
    """The canonical kernel, each piece drawn with a key of its own."""
    xp, order, parts = rng.xp, [], []
    layout = assignment.layout
    assert layout is not None
    count = layout.kernel(assignment.weight.parameter.shape).groups
    for n, piece in enumerate(assignment.pieces):
        w = specs[piece.name].function(rng.fold_in(n), piece.shape, **piece.parameters)
        parts.append(xp.reshape(w, (count, piece.shape[0] // count, *piece.shape[1:])))
        order += [i for first, stop in piece.rows for i in range(first, stop)]
    back = xp.asarray(np.argsort(np.asarray(order)), device=rng.device)
    whole = xp.take(xp.concat(parts, axis=1), back, axis=1)
    return xp.reshape(whole, assignment.shape)
