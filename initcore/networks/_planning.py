"""`plan`: what every weight of a network gets, decided and checked before anything is drawn."""

import dataclasses
import difflib
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from numbers import Real as RealNumber
from typing import Any

import numpy as np

from ..arguments import key_of_seed, meant, short_repr
from ..spec import CORE, Kernel, Real, Spec, Wording, specs
from ._assignment import Assignment, Paths, Piece
from ._plan import Plan
from ._registry import SCHEMES
from ._rules import AskedScheme, Overrides, Rule, rule_of
from ._schemes import scheme_of
from .roles import LINEAR, ROLES, Network, Weight

__all__ = ["plan"]

WHO = "initialize"
SCALE = Real("root mean square of the inputs", low=0.0, open_low=True)
KERNELS = ("kernel", "recurrent", "embedding")


def plan(
    network: Network, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    paths: Paths | None = None, only: str | Collection[str] | None = None,
    input_scale: float | None = None, model: str = "",
) -> Plan:  # fmt: skip
    """The plan of a network: an assignment for every parameter.

    Args:
        network: What the adapter traced.
        scheme: A scheme's or an initializer's name, `(name, parameters)`, a mapping from patterns
            of paths and from roles to initializers, for what it names alone, or a function from a
            `Weight` to an initializer or None.
        seed: Integer, `0 <= seed < 2**64`.
        overrides: Mapping from patterns of paths (`*` for anything) and from roles to what is to be
            used instead: an initializer's name, `(name, parameters)`, or None to leave it alone.
        paths: The names that keys are made from, where they are not the model's: a mapping, or a
            function of the path.
        only: Patterns of the paths that the scheme is for; everything else is left alone.
        input_scale: Root mean square of the inputs, 1 by default.
        model: The model's name, for reports.

    Frozen weights keep their values, unless a mapping or `overrides` names them.

    Raises:
        TypeError, ValueError: Something is unknown or does not fit, or no kernel would be set;
            nothing has been drawn.
    """
    key_of_seed(seed, who=WHO)
    network = dataclasses.replace(network, input_scale=_scale(input_scale))
    choose, made, forget = _chosen(network, scheme)
    named = _table(overrides, "overrides")
    instead = _listed(named, network, "overrides") if named else None
    inside = _only(only, network)
    own = isinstance(scheme, Mapping) or callable(scheme)
    plainly = own or rule_of(scheme).name not in SCHEMES  # an initializer is named
    rename = paths if callable(paths) else _mapping(paths, "paths", "paths to names").get
    found = []
    for w in network.weights:
        rule = instead(w) if instead else _NOTHING
        asked = rule is not _NOTHING
        if not asked and not inside(w.path):
            rule = _OUTSIDE
        elif not asked:
            rule = (None if own else kept(w)) or choose(w)
            if w.parameter.frozen and rule.name is not None and not own:
                rule = _FROZEN
            if w.parameter.complex_ and not plainly:
                rule = _complex(rule)
        key = rename(w.path) or w.parameter.key or w.path
        if not isinstance(key, str):
            raise TypeError(f"{WHO} needs paths to give names, got {short_repr(key)} for {w.path}.")
        found.append(_checked(w, rule, key))
        if forget is not None and rule.name is not None and w.parameter.forget:
            gate = (*w.parameter.forget, forget)
            why = f"{rule.why}; the gate that forgets starts at {forget:g}"
            found[-1] = dataclasses.replace(found[-1], starts=(gate,), why=why)
        if w.pieces and rule.name is not None:
            rules = []
            for piece in w.pieces:
                one = rule if asked else instead(piece) if instead else _NOTHING
                one = choose(piece) if one is _NOTHING else one
                rules.append(_complex(one) if w.parameter.complex_ else one)
            found[-1] = _pieced(found[-1], rules)
    _check_any(found, network, model, own or bool(named))
    needs_data, variance = made
    return Plan(tuple(found), network, scheme, seed, model, needs_data, variance)


Choice = Callable[[Weight], Rule]


def _chosen(
    network: Network, scheme: Any
) -> tuple[Choice, tuple[bool, float | None], float | None]:
    """What a scheme gives each weight, what it measures, and the bias of gates that forget."""
    if isinstance(scheme, Mapping):
        return _listed(_table(scheme, "scheme"), network, "scheme"), (False, None), None
    if callable(scheme):
        name = str(getattr(scheme, "core", getattr(scheme, "__name__", ""))).rstrip("_")
        if str(getattr(scheme, "__module__", "")).startswith("initcore") and name in specs:
            raise TypeError(
                f"{WHO} needs a scheme, got the initializer {name}; its name is the scheme that "
                f'gives it to all kernels: "{name}".'
            )

        def chosen(w: Weight) -> Rule:
            return rule_of(scheme(w), f"{WHO}: the scheme, for {w.path},")

        return chosen, (False, None), None
    rule = rule_of(scheme, f"{WHO}: scheme")
    if rule.name is None:
        raise TypeError(f"{WHO} needs a scheme's name, a mapping or a function, got None.")
    given = dict(rule.parameters)
    forget = given.pop("forget_bias", None)
    if forget is not None:
        if not isinstance(forget, RealNumber) or isinstance(forget, bool):
            raise TypeError(f"{WHO} needs forget_bias to be a number, got {short_repr(forget)}.")
        if not any(w.parameter.forget for w in network.weights):
            raise ValueError(f"{WHO}: forget_bias is for LSTMs, and this model has none.")
    made, needs_data = scheme_of(network, rule.name, given, WHO)
    return made, (needs_data, made.output_variance), None if forget is None else float(forget)


def _scale(given: Any) -> float:
    if given is None:
        return 1.0
    return float(Spec.check_parameter(WHO, "input_scale", SCALE, given, CORE))


def _only(given: Any, network: Network) -> Callable[[str], bool]:
    """Whether a path is among those the scheme is for."""
    if given is None:
        return lambda path: True
    patterns = [given] if isinstance(given, str) else given
    if not isinstance(patterns, Collection) or not all(isinstance(p, str) for p in patterns):
        raise TypeError(f"{WHO} needs only to be patterns of paths, got {short_repr(given)}.")
    for pattern in patterns:
        if not any(fnmatchcase(w.path, pattern) for w in network.weights):
            raise ValueError(
                f"{WHO}: only={short_repr(pattern)} fits no weight{_near(pattern, network)}"
            )
    return lambda path: any(fnmatchcase(path, pattern) for pattern in patterns)


def _check_any(found: Sequence[Assignment], network: Network, model: str, asked: bool) -> None:
    """An error where a scheme would set no kernel."""
    if asked or any(a.name and a.weight.parameter.kind in KERNELS for a in found):
        return
    if any(w.parameter.frozen for w in network.weights):
        raise ValueError(
            f"{WHO} finds nothing to set: what training would change is frozen; unfreeze it, or "
            "name it in overrides."
        )
    reasons = dict.fromkeys(a.why for a in found if a.name is None)
    told = f": {'; '.join([*reasons][:3])}" if reasons else ", for it has no kernel"
    raise ValueError(f"{WHO} would set no kernel of {model or 'this model'}{told}.")


_NOTHING = Rule(None, {}, "not named")
_OUTSIDE = Rule(None, {}, "not among only=")
_FROZEN = Rule(None, {}, "frozen; name it in overrides to set it")


def _complex(rule: Rule) -> Rule:
    """The rule of a complex weight, which is left alone where a scheme only knows real ones."""
    if rule.name is None or specs[rule.name].complex_:
        return rule
    return Rule(None, {}, f"it is complex, and {rule.name} makes real kernels only")


def _mapping(given: Any, what: str, of: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(k, str) for k in given):
        raise TypeError(f"{WHO} needs {what} to be a mapping from {of}, got {short_repr(given)}.")
    return dict(given)


def _table(given: Any, what: str) -> dict[str, Rule]:
    entries = _mapping(given, what, "patterns or roles to initializers")
    return {k: rule_of(v, f"{WHO}: {what}[{k!r}]") for k, v in entries.items()}


def _near(pattern: str, network: Network) -> str:
    """The end of a sentence: what was meant, perhaps."""
    known = [*(w.path for w in network.weights), *ROLES]
    pattern = pattern[:200]  # what is longer is like nothing
    near = difflib.get_close_matches(pattern, known, n=2, cutoff=0.4)
    return f"; did you mean {' or '.join(near)}?" if near else "."


def _listed(table: Mapping[str, Rule], network: Network, what: str) -> Choice:
    """The scheme that gives every weight what the last matching entry says."""
    roles = {w.role for w in network.weights} | {p.role for w in network.weights for p in w.pieces}
    for pattern in table:
        if pattern in ROLES:
            if pattern not in roles:
                warnings.warn(
                    f"{WHO}: no weight has the role {pattern} that {what} names; the roles here: "
                    f"{', '.join(sorted(roles))}.",
                    stacklevel=2,
                )
        elif not any(fnmatchcase(w.path, pattern) for w in network.weights):
            near = _near(pattern, network)
            raise ValueError(f"{WHO}: no weight and no role is called {short_repr(pattern)}{near}")

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
        raise ValueError(
            f"{WHO}: {w.path} cannot get {rule.name!r}, no such initializer"
            + meant(rule.name, specs, most=2)
        )
    return specs[rule.name]


def _fitted(w: Weight, rule: Rule, kernel: Kernel) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Canonical sizes and checked parameters of what is drawn for a weight."""
    spec, p = _spec(w, rule), w.parameter
    if p.complex_ and not spec.complex_:
        raise TypeError(
            f"{WHO}: {p.path} is complex, and {rule.name} makes real kernels only; name another "
            "initializer for it in overrides, or None."
        )
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
