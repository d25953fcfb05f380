"""Records what a model computes as nodes of a graph."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode

from initcore.networks import Graph, Node, Parameter, Repeats

from ._nested import tensors
from ._nodes import STEADY, Nodes
from ._operations import RANDOM, Operation, effort, operation_of

__all__ = ["Recorder", "UnsuitableError"]


class UnsuitableError(Exception):
    """A pass takes too long, or writes into the model's weights."""


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation, with weights as values like all others.

    Args:
        weights: The model's weights by path, as the pass meets them.
        most: The `effort` that the pass may take, and then it may not write into the weights;
            by default both are free.
    """

    def __init__(self, weights: Mapping[str, Tensor], most: int | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room = most
        guarded = [] if most is None else weights.values()
        self._guarded = {t.untyped_storage().data_ptr() for t in guarded}
        self._nodes = Nodes(weights)
        self._repeats = Repeats()
        self._made: list[tuple[int | None, ...]] = []  # the nodes of each operation's results
        self._origin: dict[int, int] = {}  # the number of the operation that made a tensor

    def inputs(self, given: Sequence[Tensor]) -> None:
        for t in given:
            self._nodes.put(t, Node("input", shape=tuple(t.shape)))

    def outputs(self, made: Any) -> tuple[int, ...]:
        """The nodes of what the model returned."""
        node_of = self._nodes.node_of
        return tuple(dict.fromkeys(node_of[id(t)] for t in _returned(made) if id(t) in node_of))

    def graph(self, parameters: Sequence[Parameter], made: Any) -> Graph:
        """What was recorded, with the model's `parameters` and what it returned."""
        return Graph(self._nodes.nodes, parameters, outputs=self.outputs(made))

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        operation = operation_of(function)
        if self._guarded and operation.written:
            self._check_written(operation, args, kwargs)
        if operation.name == "_grouped_mm" and any(isinstance(a, FakeTensor) for a in args):
            result = _grouped(*args[:2])
        else:
            result = function(*args, **kwargs)
        if operation.known:
            self._note(function, operation, args, kwargs, result)
        return result

    def _check_written(self, operation: Operation, args: Any, kwargs: Any) -> None:
        for i, name in operation.written:
            for t in tensors(args[i] if i < len(args) else kwargs.get(name)):
                if t.untyped_storage().data_ptr() in self._guarded:
                    raise UnsuitableError

    def _note(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, result: Any
    ) -> None:
        made, given = tensors(result), tensors(args)
        if kwargs:
            given += tensors(kwargs)
        self._nodes.kept += [*made, *given]
        if self._room is not None:
            self._room -= effort(operation.name, args, made)
            if self._room < 0:
                raise UnsuitableError
        known = [(t, i) for t in given if (i := self._nodes.index(t)) is not None]
        if not made or (not known and operation.name not in RANDOM):  # fresh numbers
            return
        at = len(self._repeats)
        again = self._again(function, operation, args, kwargs, made, given)
        if again is None:
            self._nodes.add(function, operation, args, kwargs, made, given, known)
            noted = tuple(self._nodes.node_of.get(id(t)) for t in made)
        else:
            noted = self._made[again]
            self._nodes.node_of.update((id(t), i) for t, i in zip(made, noted, strict=True)
                                 if i is not None)  # fmt: skip
        if len(self._repeats) == at:  # a view of weights, the same in every round of a loop
            return
        self._made.append(noted)
        base = getattr(made[0], "_base", None) if operation.writes else None
        self._origin.update((id(t), at) for t in (*made, base) if t is not None)

    def _again(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, made: list[Tensor],
        given: list[Tensor],
    ) -> int | None:  # fmt: skip
        """The number of an operation a round of a loop before, if this one is the same again."""
        origins: list[Any] = []
        weighted = False
        for t in given:
            i = self._nodes.node_of.get(id(t))
            still = i is not None and i in self._nodes.still
            weighted |= still
            origins.append(("weight", i) if still else self._origin.get(id(t), i))
        if weighted and all(isinstance(o, tuple) for o in origins):
            return None
        how: Any = (
            [a for a in args if type(a) in STEADY] if weighted or operation.kind != "move" else 0
        )
        if weighted:  # an index that picks from weights
            origins += [
                ("constant", id(t)) for t, o in zip(given, origins, strict=True) if o is None
            ]
        what = (function, tuple(t.shape for t in made), repr(how), repr(kwargs) if kwargs else "")
        return self._repeats.note(what, tuple(origins), weighted)


def _returned(made: Any) -> list[Tensor]:
    """The tensors that a model returns, those in caches and other objects left out."""
    if isinstance(made, Tensor):
        return [made]
    if isinstance(made, Mapping):
        made = [v for k, v in made.items() if k not in ("past_key_values", "cache_params")]
    if isinstance(made, (list, tuple)):
        return [t for v in made for t in _returned(v)]
    return []


def _grouped(a: Tensor, b: Tensor) -> Tensor:
    """The shape of a grouped product, whose own rules for shapes ask for bfloat16."""
    if a.ndim == 2 and b.ndim == 3:
        return a.new_empty(a.shape[0], b.shape[-1])
    if a.ndim == 3:
        return a.new_empty(a.shape[0], a.shape[1], b.shape[-1])
    return a.new_empty(a.shape[0], b.shape[-1])
