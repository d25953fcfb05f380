"""Loops and branches: stacked layers are unrolled, recurrences are one node."""

from typing import TYPE_CHECKING, Any

from initcore.networks import Node

from ._values import Constant, Derived, Value, View

if TYPE_CHECKING:
    from ._trace import Recorder

__all__ = ["run_branches", "run_loop"]


def run_loop(recorder: "Recorder", eqn: Any, operands: list[Any]) -> list[Any]:
    """What the results of a `scan` or a `while` are.

    A scan over stacked weights is a sequence of layers and is noted step by step. Any other body
    is noted once; if its weights act on what it carries, the whole loop becomes one recurrence.
    """
    params = eqn.params
    if eqn.primitive.name == "while":
        skip, count = params["cond_nconsts"], params["body_nconsts"]
        body, operands, carried, length = params["body_jaxpr"], operands[skip:], None, 1
    else:
        count, body, length = params["num_consts"], params["jaxpr"], params["length"]
        carried = params["num_carry"]
    end = len(operands) if carried is None else count + carried
    fixed, carry, rest = operands[:count], operands[count:end], operands[end:]

    def step(carry: list[Any], i: int) -> tuple[list[Any], list[Any]]:
        taken = [_taken(recorder, x, eqn) for x in rest]
        made = recorder.inside(eqn, body.jaxpr, list(body.consts), [*fixed, *carry, *taken])
        return made[: len(carry)], made[len(carry) :]

    stacks = [x for x in rest if isinstance(x, (View, Derived))]
    if stacks:
        recorder.stacked.update(p for x in stacks for p in x.paths)
        several = []
        for i in range(length):
            carry, made = step(carry, i)
            several.append(made)
        stacked = [_stacked(recorder, list(each)) for each in zip(*several, strict=True)]
        return [*carry, *(_shaped(recorder, x, v) for x, v in
                          zip(stacked, eqn.outvars[len(carry):], strict=True))]  # fmt: skip
    return _repeated(recorder, eqn, body.jaxpr, carry, step, count, [*operands])


def _repeated(
    recorder: "Recorder", eqn: Any, jaxpr: Any, carry: list[Any], step: Any, count: int,
    operands: list[Any],
) -> list[Any]:  # fmt: skip
    nodes, mark = recorder.made.nodes, len(recorder.made.nodes)
    before = list(carry)
    for n, (x, v) in enumerate(zip(carry, eqn.outvars, strict=False)):
        changes = jaxpr.outvars[n] is not jaxpr.invars[count + n]
        if changes and isinstance(x, (Constant, Value)):
            start = (x.node,) if isinstance(x, Value) else ()
            carry[n] = recorder.made.put(Node("move", start, "carry", tuple(v.aval.shape)))
    known = len(nodes)
    recorder.made.picked.clear()
    after, made = step(carry, 0)
    stacks = recorder.made.picked - recorder.stacked
    if stacks:  # a stack of layers, picked one by one
        recorder.stacked.update(stacks)
        for i in range(1, min(recorder.made.shapes[p][0] for p in stacks)):
            after, made = step(after, i)
        return [_shaped(recorder, x, v) for x, v in zip([*after, *made], eqn.outvars, strict=True)]
    layers = {i for i in range(known, len(nodes)) if nodes[i].kind in ("layer", "recurrent")}
    weights = dict.fromkeys(p for i in range(known, len(nodes)) for p in nodes[i].parameters)
    carries = [x.node for x, old in zip(after, carry, strict=True)
               if isinstance(x, Value) and x != old]  # fmt: skip
    if not layers & _behind(nodes, carries, mark):
        return [_shaped(recorder, x, v) for x, v in zip([*after, *made], eqn.outvars, strict=True)]
    del nodes[mark:]
    for path in weights:
        use = recorder.made.uses[path]
        if use["kind"] == "kernel":
            use["kind"] = "recurrent"
    inputs = tuple(dict.fromkeys(x.node for x in operands if isinstance(x, Value)))
    last = tuple(eqn.outvars[-1].aval.shape)
    one = recorder.made.put(Node("recurrent", inputs, eqn.primitive.name, last, tuple(weights)))
    unchanged = [old if old is new else one for old, new in zip(before, after, strict=True)]
    return [*unchanged, *[one] * len(made)]


def _behind(nodes: list[Node], front: list[int], mark: int) -> set[int]:
    """The nodes from number `mark` on that `front` is made of."""
    found: set[int] = set()
    front = list(front)
    while front:
        i = front.pop()
        if i >= mark and i not in found:
            found.add(i)
            front += nodes[i].inputs
    return found


def _taken(recorder: "Recorder", x: Any, eqn: Any) -> Any:
    """One step's part of what a scan runs over."""
    if isinstance(x, View):
        return View(x.paths, x.axes[1:], x.scales)
    if isinstance(x, Value):
        shape = recorder.made.nodes[x.node].shape
        return recorder.made.put(Node("move", (x.node,), "step", shape and shape[1:]))
    return x if isinstance(x, Derived) else Constant(root=x.root)


def _stacked(recorder: "Recorder", each: list[Any]) -> Any:
    values = tuple(x.node for x in each if isinstance(x, Value))
    if values:
        return recorder.made.put(Node("move", values, "stack"))
    paths = tuple(dict.fromkeys(p for x in each if isinstance(x, (View, Derived)) for p in x.paths))
    return Derived(paths, "scan") if paths else Constant()


def _shaped(recorder: "Recorder", x: Any, v: Any) -> Any:
    """The value as a result of a loop, of the shape it has outside."""
    if not isinstance(x, Value):
        return x
    return recorder.made.put(Node("move", (x.node,), "loop", tuple(v.aval.shape)))


def run_branches(recorder: "Recorder", eqn: Any, operands: list[Any]) -> list[Any]:
    """What the results of a `cond` are: joined from all of its branches."""
    several = [
        recorder.inside(eqn, b.jaxpr, list(b.consts), operands[1:]) for b in eqn.params["branches"]
    ]
    found = []
    for v, each in zip(eqn.outvars, zip(*several, strict=True), strict=True):
        if all(x == each[0] for x in each):
            found.append(each[0])
            continue
        found.append(_shaped(recorder, _stacked(recorder, list(each)), v))
    return found
