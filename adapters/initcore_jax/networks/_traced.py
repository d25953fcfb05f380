"""A model's graph, with the jaxpr that it was read from."""

from typing import Any

import jax

from initcore.networks import Graph, as_call, calling, first_that_works

from ._calls import joined, parted, shape_only, states
from ._functional import FunctionalModel
from ._trace import Recorder

__all__ = ["Traced", "traced"]


class Traced:
    """The graph of a model, with its jaxpr and the arrays it was called with."""

    def __init__(self, model: FunctionalModel, call: Any) -> None:
        self.arrays, fixed = parted(call)
        weights = list(model.weights.values())
        count, state = len(weights), len(model.state)

        def flat(*leaves: Any) -> Any:
            args, kwargs = joined(fixed, leaves[count + state :])
            return model.call(list(leaves[:count]), list(leaves[count : count + state]), args,
                              kwargs)  # fmt: skip

        shapes = [shape_only(x) for x in (*weights, *model.state, *self.arrays)]
        closed = jax.make_jaxpr(flat)(*shapes)
        self.jaxpr, self.consts = closed.jaxpr, list(closed.consts)
        self.recorder = Recorder(model.weights, model.gates)
        # State is no signal: running statistics are constants of the graph.
        self.states = states(call)
        given = [None if is_state else a.shape for a, is_state in
                 zip(self.arrays, self.states, strict=True)]  # fmt: skip
        self.graph: Graph = self.recorder.record(self.jaxpr, self.consts, [*[None] * state, *given])


def traced(model: FunctionalModel, sample: Any, who: str) -> Traced:
    """The traced model.

    Raises:
        ValueError: It does not take `sample`, or there is none and none can be guessed.
    """
    if sample is not None:
        with calling(who, model.name):
            return Traced(model, as_call(sample))
    found, reason = first_that_works(lambda args: Traced(model, (args, {})), model.guess())
    if found is None:
        raise ValueError(f"{who} needs sample_input, what {model.name} is called with; {reason}.")
    return found
