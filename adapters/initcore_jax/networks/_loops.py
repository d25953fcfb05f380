"""Loops and branches: stacked layers are unrolled, recurrences for a few steps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from initcore.networks import Node

from ._nodes import Nodes
from ._values import Constant, Value

__all__ = ["Loops"]

# `inside(eqn, jaxpr, consts, given)`: what the outputs of a jaxpr that `eqn` calls are.
Inside = Callable[[Any, Any, list[Any], list[Any]], list[Any]]
STEPS = 3  # of a recurrence that are noted, at most
Step = Callable[[list[Any]], tuple[list[Any], list[Any]]]


class Loops:
    """Notes equations that run another jaxpr several times, or one of several.

    Args:
        made: The nodes so far.
        inside: Runs the other jaxpr, and notes its equations.
        told: What is known of weights beside the graph, by path; filled here for recurrences.
    """

    def __init__(self, made: Nodes, inside: Inside, told: dict[str, dict[str, Any]]) -> None:
        self.made, self.inside, self.told = made, inside, told

    def loop(self, eqn: Any, operands: list[Any]) -> list[Any]:
        """What the results of a `scan` or a `while` are.

        A scan over stacked weights is a sequence of layers and is noted step by step. Of any other
        loop the first steps are noted if its weights act on what it carries, else one.
        """
        params = eqn.params
        if eqn.primitive.name == "while":
            # The condition's constants come ahead of the body's.
            skip, count = params["cond_nconsts"], params["body_nconsts"]
            body, operands, carried, length = params["body_jaxpr"], operands[skip:], None, STEPS
        else:
            count, body, length = params["num_consts"], params["jaxpr"], params["length"]
            carried = params["num_carry"]
        end = len(operands) if carried is None else count + carried
        fixed, carry, rest = operands[:count], operands[count:end], operands[end:]

        def step(carry: list[Any]) -> tuple[list[Any], list[Any]]:
            given = [*fixed, *carry, *map(self._taken, rest)]
            made = self.inside(eqn, body.jaxpr, list(body.consts), given)
            return made[: len(carry)], made[len(carry) :]

        stacks = [x for x in rest if isinstance(x, Value) and x.node in self.made.still]
        if not stacks:
            return self._repeated(eqn, body.jaxpr, carry, step, count, length)
        self.made.stacked.update(p for x in stacks for p in self.made.paths(x.node))
        several = []
        # Unrolled: the first layer of a stack and its last one have different roles.
        outer = self.made.turn
        for turn in range(length):
            self.made.turn = turn
            carry, made = step(carry)
            several.append(made)
        self.made.turn = outer
        stacked = [self._joined(list(each)) for each in zip(*several, strict=True)]
        return [*carry, *map(self._shaped, stacked, eqn.outvars[len(carry) :])]

    def _repeated(
        self, eqn: Any, jaxpr: Any, carry: list[Any], step: Step, count: int, length: int
    ) -> list[Any]:
        """What the results of a loop that hands the same weights to every step are."""
        nodes, mark = self.made.nodes, len(self.made.nodes)
        # What a step changes becomes a node, also where it starts as a constant (an LSTM's zeros):
        # only then can be seen whether the next step's layers would be made from it.
        for n, (x, v) in enumerate(zip(carry, eqn.outvars, strict=False)):
            changes = jaxpr.outvars[n] is not jaxpr.invars[count + n]
            if changes and isinstance(x, (Constant, Value)):
                start = (x.node,) if isinstance(x, Value) else ()
                kind = "move" if start else "input"
                carry[n] = self.made.put(Node(kind, start, "carry", tuple(v.aval.shape)))
        body = len(nodes)
        self.made.picked.clear()
        after, made = step(carry)
        # `fori_loop` over `w[i]`: the counter picks one layer after another out of a stack. The
        # length is in the condition, not in the equation; the shortest stack bounds it.
        stacks = self.made.picked - self.made.stacked
        if stacks:
            self.made.stacked.update(stacks)
            outer = self.made.turn
            for turn in range(1, min(self.made.shapes[p][0] for p in stacks)):
                self.made.turn = turn
                after, made = step(after)
            self.made.turn = outer
            return list(map(self._shaped, [*after, *made], eqn.outvars))
        noted = range(body, len(nodes))
        still = self.made.still
        layers = {
            i
            for i in noted
            if nodes[i].kind == "product" and i not in still and still & {*nodes[i].inputs}
        }
        carries = [x.node for x, old in zip(after, carry, strict=True)
                   if isinstance(x, Value) and x != old]  # fmt: skip
        # No layer feeds the next step: the body acts on every element alike, once is enough.
        if not layers & _behind(nodes, carries, mark):
            return list(map(self._shaped, [*after, *made], eqn.outvars))
        # Noted as a loop in Python would be: the core sees what a step takes of the one before.
        several = [made]
        outer = self.made.turn
        for turn in range(1, min(length, STEPS)):
            self.made.turn = turn
            after, made = step(after)
            several.append(made)
        self.made.turn = outer
        stacked = [self._joined(list(each)) for each in zip(*several, strict=True)]
        return list(map(self._shaped, [*after, *stacked], eqn.outvars))

    def branches(self, eqn: Any, operands: list[Any]) -> list[Any]:
        """What the results of a `cond` are: joined from all of its branches."""
        several = [
            # The first operand says which branch is taken, which tracing cannot know.
            self.inside(eqn, branch.jaxpr, list(branch.consts), operands[1:])
            for branch in eqn.params["branches"]
        ]
        return [
            each[0] if all(x == each[0] for x in each) else self._shaped(self._joined(each), v)
            for v, each in zip(eqn.outvars, map(list, zip(*several, strict=True)), strict=True)
        ]

    def _taken(self, x: Any) -> Any:
        """One step's part of what a scan runs over."""
        if isinstance(x, Value):
            shape, turn = self.made.nodes[x.node].shape, self.made.turn
            stack = x.node in self.made.still
            pick = (lambda a: a[turn]) if stack else (lambda a: a[0])
            return self.made.put(Node("move", (x.node,), "step", shape and shape[1:], (), pick))
        return Constant(root=x.root)

    def _joined(self, each: list[Any]) -> Any:
        """Several results side by side: values if there is one, else weights, else constants."""
        values = tuple(x.node for x in each if isinstance(x, Value))
        if not values:
            return Constant()
        shape = self.made.nodes[values[0]].shape
        whole = None if shape is None or len(values) != len(each) else (len(values), *shape)
        stack = None if whole is None else (lambda *arrays: np.stack(arrays))
        return self.made.put(Node("move", values, "stack", whole, (), stack))

    def _shaped(self, x: Any, v: Any) -> Any:
        """The value as a result of a loop, of the shape it has outside."""
        if not isinstance(x, Value):
            return x
        shape = tuple(v.aval.shape)
        known = self.made.nodes[x.node]
        same = None if known.shape != shape else (lambda a: a)
        return self.made.put(Node("move", (x.node,), "loop", shape, (), same))


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
