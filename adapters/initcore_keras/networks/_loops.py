"""Loops and branches: what is written once and runs often is recorded once, or step by step.

Loops over stacks of weights, and short ones, are unrolled. A loop whose own weights act on what it
carries is one recurrence.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from initcore.networks import Node
from initcore.spec import Layout

from ._recorder import unique
from ._value import Value

__all__ = ["LOOPS"]

MANY = 64  # steps that are unrolled
FEW = 8  # of a longer loop


def _values(nest: Any) -> list[Value]:
    return [x for x in keras.tree.flatten(nest) if isinstance(x, Value)]


def _stacked(r: Any, steps: Sequence[Any], length: int) -> Any:
    """What each step makes, along a new first axis of `length`."""

    def joined(*made: Any) -> Any:
        if len(made) == length:
            return keras.ops.stack([r.value(x) for x in made])
        values = [r.value(x) for x in made]
        return r.put("move", unique(values), (length, *values[0].shape), values[0].dtype, "steps")

    return keras.tree.map_structure(joined, *steps)


def _cond(r: Any, pred: Any, true_fn: Any, false_fn: Any) -> Any:
    if not isinstance(pred, Value):
        return true_fn() if bool(pred) else false_fn()
    return _either(r, [true_fn(), false_fn()])


def _switch(r: Any, index: Any, branches: Any, *operands: Any) -> Any:
    if not isinstance(index, Value):
        return branches[min(max(int(index), 0), len(branches) - 1)](*operands)
    return _either(r, [branch(*operands) for branch in branches])


def _either(r: Any, made: Sequence[Any]) -> Any:
    """One of several results, which of them is not known."""
    if made[0] is None:
        return None

    def one(*results: Any) -> Any:
        values = unique([r.value(x) for x in results])
        return r.put("move", values, values[0].shape, values[0].dtype, "cond")

    return keras.tree.map_structure(one, *made)


def _while_loop(
    r: Any, cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    several = isinstance(loop_vars, (tuple, list))
    carried = tuple(loop_vars) if several else (loop_vars,)
    steps = 0
    while steps < (maximum_iterations if maximum_iterations is not None else MANY):
        more = cond(*carried)
        if steps and (isinstance(more, Value) or steps >= FEW):
            break
        if not isinstance(more, Value) and not bool(more):
            break
        made = body(*carried)
        carried = tuple(made) if isinstance(made, (tuple, list)) else (made,)
        steps += 1
    return carried if several else carried[0]


def _fori_loop(r: Any, lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    value, count = init_val, int(upper) - int(lower)
    for i in range(int(lower), int(lower) + (count if count <= MANY else FEW)):
        value = body_fun(i, value)
    return value


def _map(r: Any, f: Any, xs: Any) -> Any:
    return _scan(r, lambda carry, x: (carry, f(x)), (), xs)[1]


def _vectorized_map(r: Any, function: Any, elements: Any) -> Any:
    return _map(r, function, elements)


def _scan(
    r: Any, f: Any, init: Any, xs: Any = None, length: Any = None, reverse: bool = False,
    unroll: Any = 1,
) -> Any:  # fmt: skip
    flat = [x for x in keras.tree.flatten(xs) if x is not None]
    n = int(length) if length is not None else int(flat[0].shape[0])
    stacked = any(isinstance(x, Value) and x.alone for x in flat)

    def at(i: int) -> Any:
        return keras.tree.map_structure(lambda x: None if x is None else x[i], xs)

    if not stacked and _values((init, xs)) and n > 1:
        found = _recurrence(r, lambda carry: f(carry, at(0)), init)
        if found is not None:
            paths, (carry, y) = found
            inputs = unique([v for v in _values((init, xs)) if not v.alone])
            return _recurrent(r, inputs, paths, carry), _recurrent(r, inputs, paths, y, n)
    count = n if stacked or n <= FEW else FEW
    order = range(n - 1, n - 1 - count, -1) if reverse else range(count)
    carry, made = init, []
    for i in order:
        carry, y = f(carry, at(i))
        made.append(y)
    if not made or made[0] is None:
        return carry, None
    return carry, _stacked(r, made[::-1] if reverse else made, n)


def _recurrence(r: Any, step: Callable[[Any], Any], carried: Any) -> Any:
    """The weights of a step that act on what it carries, and the shapes it makes; None if none."""
    with r.scratch() as nodes:
        carry = keras.tree.map_structure(
            lambda x: r.put("input", (), x.shape, _name(x), "carried"), carried
        )
        first = len(nodes)
        made = keras.tree.map_structure(r.value, step(carry))
        own = nodes[:]
        starts = {v.node for v in _values(carry)}
        paths = _weights_of(own, first)
        acts = _act_on(own, starts)
    return (_noted(r, own, first, paths), made) if acts else None


def _name(x: Any) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))


def _weights_of(nodes: Sequence[Node], first: int) -> list[str]:
    """The weights that nodes from `first` on take."""
    found, seen = {}, set()
    front = [j for node in nodes[first:] for j in node.inputs] + list(range(first, len(nodes)))
    while front:
        j = front.pop()
        if j in seen:
            continue
        seen.add(j)
        if nodes[j].kind == "weight":
            found[j] = nodes[j].parameters[0]
        elif all(nodes[k].kind in ("weight", "constant", "move", "map", "sum")
                 for k in nodes[j].inputs):  # fmt: skip
            front += nodes[j].inputs
    return [found[j] for j in sorted(found)]


def _act_on(nodes: Sequence[Node], starts: set[int]) -> bool:
    """Whether a product multiplies what is made of `starts` with something that is not."""
    made = set(starts)
    for i, node in enumerate(nodes):
        if made & set(node.inputs):
            made.add(i)
            if node.kind == "product" and len(made & set(node.inputs)) == 1:
                return True
    return False


def _noted(r: Any, nodes: Sequence[Node], first: int, paths: Sequence[str]) -> list[str]:
    """`paths`; what a step's nodes, from `first` on, do with each is what its module says of it."""
    for node in nodes[first:]:
        if node.kind != "product" or node.product is None:
            continue
        for j, own, other in zip(node.inputs, node.product.operands, node.product.operands[::-1],
                                 strict=True):  # fmt: skip
            for path in _behind(nodes, j):
                known = r.told.setdefault(path, {"kind": "recurrent"})
                if nodes[j].kind == "weight":
                    known.setdefault("layout", _layout(own, other, node.product.result))
    for path in paths:
        r.told.setdefault(path, {"kind": "bias"})
    return list(paths)


def _behind(nodes: Sequence[Node], j: int) -> list[str]:
    """The weights that a value is moved from."""
    node = nodes[j]
    if node.kind == "move":
        return [path for k in node.inputs for path in _behind(nodes, k)]
    return list(node.parameters) if node.kind == "weight" else []


def _layout(own: str, other: str, result: str) -> Layout:
    axes = range(len(own))
    return Layout(
        tuple(k for k in axes if own[k] in result and own[k] not in other),
        tuple(k for k in axes if own[k] in other and own[k] not in result),
        batch=tuple(k for k in axes if own[k] in other and own[k] in result),
    )


def _recurrent(r: Any, inputs: Any, paths: Any, made: Any, length: int | None = None) -> Any:
    def one(v: Value) -> Value:
        shape = v.shape if length is None else (length, *v.shape)
        return r.put("recurrent", inputs, shape, v.dtype, "recurrence",  # type: ignore[no-any-return]
                     parameters=tuple(paths))  # fmt: skip

    return keras.tree.map_structure(one, made)


def _rnn(
    r: Any, step_function: Any, inputs: Any, initial_states: Any, go_backwards: bool = False,
    mask: Any = None, constants: Any = None, unroll: bool = False, input_length: Any = None,
    time_major: bool = False, zero_output_for_mask: bool = False, return_all_outputs: bool = True,
) -> Any:  # fmt: skip
    """Keras's own loop over a sequence: one node for all steps."""
    flat = [r.value(x) for x in keras.tree.flatten(inputs)]
    axis = 0 if time_major else 1
    length, batch = flat[0].shape[axis], flat[0].shape[1 - axis]
    more = list(constants) if constants else []
    with r.scratch() as nodes:
        steps = [r.put("input", (), v.shape[:axis] + v.shape[axis + 1 :], v.dtype, "step")
                 for v in flat]  # fmt: skip
        steps_in = keras.tree.pack_sequence_as(inputs, steps)
        states = keras.tree.map_structure(
            lambda x: r.put("input", (), x.shape, _name(x), "state"), initial_states
        )
        first = len(nodes)
        output, states = step_function(steps_in, [*states, *more])
        output, states = keras.tree.map_structure(r.value, (output, states))
        own = nodes[:]
        paths = _noted(r, own, first, _weights_of(own, first))
    known = unique([*flat, *_values(initial_states), *_values(more)])
    whole = (length, batch) if time_major else (batch, length)
    outputs = r.put("recurrent", known, (*whole, *output.shape[1:]), output.dtype, "rnn",
                    parameters=tuple(paths))  # fmt: skip
    last = outputs[-1] if time_major else outputs[:, -1]

    def state(v: Value) -> Value:
        if v.shape == last.shape:
            return last  # type: ignore[no-any-return]
        return r.put("move", (outputs,), v.shape, v.dtype, "state")  # type: ignore[no-any-return]

    return last, outputs, keras.tree.map_structure(state, states)


def _fused(r: Any, *args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError  # which is Keras's way to ask for the loop


def _associative_scan(r: Any, f: Any, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    made = keras.tree.map_structure(r.value, f(elems, elems))
    return keras.tree.map_structure(
        lambda x, y: r.put("move", unique([r.value(x), y]), x.shape, y.dtype, "scan"), elems, made
    )


LOOPS: Mapping[str, Callable[..., Any]] = {
    "cond": _cond, "switch": _switch, "while_loop": _while_loop, "fori_loop": _fori_loop,
    "map": _map, "vectorized_map": _vectorized_map, "scan": _scan, "rnn": _rnn,
    "associative_scan": _associative_scan, "lstm": _fused, "gru": _fused,
    "bidirectional_lstm": _fused, "bidirectional_gru": _fused,
    "remat": lambda r, f: f,
    "custom_gradient": lambda r, fun: lambda *args, **kwargs: fun(*args, **kwargs)[0],
}  # fmt: skip
