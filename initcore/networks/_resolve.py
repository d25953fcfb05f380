"""From a recorded graph to one that says what is signal, and how each weight meets it.

A recorder decides nothing: weights are nodes like all others. Here every value is found to be
either a signal or made of weights alone, and every meeting of the two becomes one of few things: a
layer, a bias, a scale, a slope, a table, a signal of its own.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ._graph import Graph, Node, Parameter
from ._moves import NOTHING, collapsed, spread, varies
from ._normalizations import normalizations
from ._views import LIMIT, View, axis_indices, kernel_facts, moved, picked, rows_of

__all__ = ["resolve"]

ALONE = ("move", "map", "sum", "reduce", "other", "product")  # of weights they are made of weights
STARTS = ("softmax", "attention", "norm", "recurrent")
KERNELS = ("kernel", "recurrent")


def resolve(graph: Graph) -> Graph:
    """The graph with every weight's kind, and with nodes of signals alone.

    A graph without nodes of weights is returned as it is: its recorder knew their kinds.
    """
    if not graph.traced or all(node.kind != "weight" for node in graph.nodes):
        return _told(graph)
    return _Resolution(graph).graph()


def _told(graph: Graph) -> Graph:
    """Without nodes the weights are what their modules say."""
    if all(p.kind for p in graph.parameters):
        return graph
    told = [p if p.kind else dataclasses.replace(p, **{"kind": "other", **p.told})
            for p in graph.parameters]  # fmt: skip
    return dataclasses.replace(graph, parameters=told)


class _Resolution:
    """One graph under resolution; `nodes` are the recorded ones."""

    def __init__(self, graph: Graph) -> None:
        self.recorded, self.nodes = graph, list(graph.nodes)
        self.consumers: list[list[int]] = [[] for _ in self.nodes]
        for i, node in enumerate(self.nodes):
            for j in dict.fromkeys(node.inputs):
                self.consumers[j].append(i)
        self.known = {p.path: p for p in graph.parameters}
        self.uses: dict[str, dict[str, Any]] = {}
        self.rows: dict[int, Any] = {}
        self.picks: dict[int, Any] = {}
        self._used: set[str] = set()
        self._views: dict[int, View | None] = {}
        self._facts: dict[Any, dict[str, Any] | None] = {}
        self.signal = self._signals()

    # What is signal.

    def _signals(self) -> list[bool]:
        """For each node whether it is a signal: made from the inputs, or begun at a weight."""
        begun: set[int] = set()
        while True:
            signal = self._made_from_inputs(begun)
            more = self._beginnings(signal) - begun
            if not more:
                return signal
            begun |= more

    def _made_from_inputs(self, begun: set[int]) -> list[bool]:
        signal: list[bool] = []
        for i, node in enumerate(self.nodes):
            alone = node.kind in ("weight", "constant") or (
                node.kind in ALONE and not any(signal[j] for j in node.inputs)
            )
            signal.append(i in begun or not alone)
        return signal

    def _beginnings(self, signal: list[bool]) -> set[int]:
        """Values of weights alone that go on as a signal does, with all on their way."""
        attends = self._attends = self._attending(signal)
        kernel = self._kernel_like(signal, attends)
        found: set[int] = set()
        outputs = set(self.recorded.outputs)
        for i, node in enumerate(self.nodes):
            if node.kind == "product" and not signal[i] and not kernel[i] and self._ends(i):
                found |= {i, *self._way(self._operand(node), signal)}
            elif i in attends:
                for j in node.inputs:
                    if not signal[j] and self._is_spread(i, j):
                        found |= self._way(j, signal)
            elif node.kind in STARTS and signal[i]:
                many = 3 if node.kind == "attention" else 1
                for j in node.inputs[:many]:
                    if not signal[j]:
                        found |= self._way(j, signal)
            elif i in outputs and not signal[i]:
                found |= self._way(i, signal)
        return found

    def _ends(self, i: int) -> bool:
        """Whether anything is made of the value."""
        return bool(self.consumers[i]) or i in self.recorded.outputs

    def _attending(self, signal: list[bool]) -> set[int]:
        """Products of signals and values of weights that are an attention's."""
        found = set()
        soft = [i for i, node in enumerate(self.nodes) if node.kind == "softmax"
                or (node.kind == "map" and _is_quotient(self.nodes, i))]  # fmt: skip
        for i in soft:
            seen: set[int] = set()
            front = list(self.nodes[i].inputs)
            while front:
                j = front.pop()
                if j in seen or len(seen) > 16:
                    continue
                seen.add(j)
                if self.nodes[j].kind == "product":
                    found.add(j)
                elif self.nodes[j].kind in ("move", "map", "sum"):
                    front += self.nodes[j].inputs
            front, seen = [i], set()
            while front:
                j = front.pop()
                for c in self.consumers[j]:
                    if c in seen or len(seen) > 16:
                        continue
                    seen.add(c)
                    if self.nodes[c].kind == "product":
                        found.add(c)
                    elif self.nodes[c].kind in ("move", "map"):
                        front.append(c)
        return {i for i in found if signal[i]}

    def _is_spread(self, i: int, j: int) -> bool:
        """Whether a product takes a weight repeated along an axis of the batch, as a signal."""
        product = self.nodes[i].product
        views = self.view(j)
        if product is None or views is None or len(views) != 1:
            return False
        side = self.nodes[i].inputs.index(j)
        (axes,) = views.values()
        changes = np.logical_or.reduce([varies(a) for a in axes])
        others, letters = product.operands[1 - side], product.operands[side]
        return any(
            c in others and c in product.result and not v
            for c, v in zip(letters, changes, strict=True)
        )

    def _kernel_like(self, signal: list[bool], attends: set[int]) -> list[bool]:
        """For each value of weights alone whether a signal meets it as a kernel."""
        found = [False] * len(self.nodes)
        for i in reversed(range(len(self.nodes))):
            if signal[i]:
                continue
            for c in self.consumers[i]:
                node = self.nodes[c]
                if node.kind == "product" and signal[c]:
                    if c in attends and self._has_product(i):
                        continue
                    found[i] |= any(signal[j] for j in node.inputs if j != i)
                elif not signal[c]:
                    found[i] |= found[c]
        return found

    def _operand(self, node: Node) -> int:
        """Which operand of a product of weights alone is the signal: the first, by convention."""
        first, second = node.inputs
        return second if self.nodes[second].kind == "constant" else first

    def _way(self, i: int, signal: list[bool]) -> set[int]:
        """The value and what it is made of, along its first weight, down to where it begins."""
        found: set[int] = set()
        while not signal[i] and i not in found:
            found.add(i)
            node = self.nodes[i]
            if not node.inputs:
                if node.kind == "weight":
                    self._use(node.parameters, kind="latent")
                break
            i = self._operand(node) if node.kind == "product" else node.inputs[0]
        return found

    # What each weight is for.

    def _use(self, paths: Iterable[str], **facts: Any) -> None:
        """Note what weights are for; a table stays one, a kernel of anything else wins."""
        rank = {"embedding": 3, "kernel": 2, "recurrent": 2, "latent": 1}
        for path in paths:
            known = self.uses.setdefault(path, {})
            if rank.get(known.get("kind", ""), 0) < rank.get(facts["kind"], 0) or not known:
                self.uses[path] = dict(facts)

    def _paths(self, i: int) -> tuple[str, ...]:
        """All weights that a value of weights alone is made of."""
        found: dict[str, None] = {}
        seen, front = set(), [i]
        while front:
            j = front.pop()
            if j in seen:
                continue
            seen.add(j)
            node = self.nodes[j]
            found.update(dict.fromkeys(node.parameters if node.kind == "weight" else ()))
            front += reversed(node.inputs)
        return tuple(found)

    def view(self, i: int) -> View | None:
        """The weights that a value is a view of, None if it is more than moved elements."""
        if i not in self._views:
            self._views[i] = self._view(i)
        return self._views[i]

    def _view(self, i: int) -> View | None:
        node = self.nodes[i]
        if node.kind == "weight" and not node.inputs:
            return {path: axis_indices(self.known[path].shape) for path in node.parameters}
        if node.kind == "sum":  # a low-rank update beside the kernel
            a, b = node.inputs
            plain = [j for j in (a, b) if not self._has_product(j)]
            return self.view(plain[0]) if len(plain) == 1 else None
        if node.kind == "map" and len(node.inputs) == 1 and _is_identity(node):
            return self.view(node.inputs[0])
        if node.kind != "move":
            return None
        views = [self.view(j) for j in node.inputs]
        if any(v is None for v in views):
            return None
        found: dict[str, list[Any]] = {}
        for n, v in enumerate(views):
            for path, axes in (v or {}).items():
                made = []
                for index in axes:
                    given = [
                        index if m == n else spread(np.int32(NOTHING), self.nodes[j].shape or ())
                        for m, j in enumerate(node.inputs)
                    ]
                    if max(np.prod(collapsed(g).shape) for g in given) > LIMIT and node.function:
                        return None
                    made.append(moved(node, given))
                if any(m is None for m in made):
                    return None
                found[path] = made
        return found

    def _has_product(self, i: int) -> bool:
        return self._comes_of(i, ("product",))

    # The nodes of signals.

    def graph(self) -> Graph:
        """The resolved graph; nodes keep their indices."""
        nodes = [self._resolved(i) if self.signal[i] else Node("weight", (), node.label, node.shape)
                 for i, node in enumerate(self.nodes)]  # fmt: skip
        norms = normalizations(nodes, self.recorded.outputs)
        nodes = [norms.get(i, node) for i, node in enumerate(nodes)]
        self._beside(nodes)
        parameters = [self._parameter(p) for p in self.recorded.parameters]
        return dataclasses.replace(
            self.recorded, nodes=nodes, parameters=parameters, rows=self.rows, picks=self.picks
        )

    def _resolved(self, i: int) -> Node:
        node = self.nodes[i]
        signals = tuple(j for j in node.inputs if self.signal[j])
        weights = [j for j in node.inputs if not self.signal[j]]
        paths = tuple(dict.fromkeys(p for j in weights for p in self._paths(j)))
        if node.kind in ("weight", "input"):
            return dataclasses.replace(node, kind="input", parameters=node.parameters)
        new = node
        if len(signals) < len(node.inputs) or paths:
            new = dataclasses.replace(node, inputs=signals, parameters=(*paths, *node.parameters))
        if node.kind == "product":
            return self._product(i, new, weights)
        if node.kind == "look_up" and not self.signal[node.inputs[0]]:
            self._look_up(i, node)
        elif node.kind == "recurrent":
            for path in new.parameters:
                told = self.known[path].told
                self._use([path], **{"kind": "recurrent", **told})
        elif node.kind == "norm":
            for j, kind in zip(node.inputs[1:], ("scale", "shift"), strict=False):
                if not self.signal[j]:
                    self._use(self._paths(j), kind=kind)
        elif node.kind == "attention":
            self._use(paths, kind="position")
        elif node.kind == "move" and weights and signals:
            self._joined(weights)
        elif node.kind == "other" and paths:
            self._use(paths, kind="other", note=f"used by {node.label}")
        return new

    def _look_up(self, i: int, node: Node) -> None:
        """A table: of an embedding, or of biases that a router picks from."""
        picked = any(self._comes_of(j, ("product",)) for j in node.inputs[1:])
        added = picked and any(self.nodes[c].kind == "sum" for c in self._after_moves(i))
        self._use(self._paths(node.inputs[0]), kind="bias" if added else "embedding")

    def _comes_of(self, i: int, kinds: tuple[str, ...]) -> bool:
        seen, front = set(), [i]
        while front:
            j = front.pop()
            if j in seen:
                continue
            seen.add(j)
            if self.nodes[j].kind in kinds:
                return True
            front += self.nodes[j].inputs
        return False

    def _after_moves(self, i: int) -> list[int]:
        """What takes a value, moved or not."""
        found: list[int] = []
        front = [i]
        while front:
            for c in self.consumers[front.pop()]:
                (front if self.nodes[c].kind == "move" else found).append(c)
        return found

    def _joined(self, weights: list[int]) -> None:
        """Weights that stand beside the signal: tokens, and what is added to them."""
        for w in weights:
            i = w
            while self.nodes[i].inputs:
                node = self.nodes[i]
                if node.kind in ("sum", "map"):
                    for j in node.inputs[1:]:
                        self._use(self._paths(j), kind="position")
                i = node.inputs[0]
            self._use(self.nodes[i].parameters, kind="latent")

    def _product(self, i: int, new: Node, weights: list[int]) -> Node:
        if not weights:
            return dataclasses.replace(new, kind="mix")
        (w,) = weights[:1]
        if not new.parameters:  # by a constant matrix
            return dataclasses.replace(new, kind="move", function=None)
        product, side = new.product, self.nodes[i].inputs.index(w)
        if product is not None and side == 0:  # the signal first
            a, b = product.operands
            product = dataclasses.replace(product, operands=(b, a))
        new = dataclasses.replace(new, product=product)
        views = self.view(w)
        if views is None or product is None:
            self.picks[i] = ()
            for path in new.parameters:
                self._use([path], kind="derived", note=f"used through {self.nodes[w].label}")
            return dataclasses.replace(new, kind="layer")
        recurrent = False
        self.picks[i] = tuple(picked(axes) for axes in views.values())
        for path, axes in views.items():
            p = self.known[path]
            at = (w, path, product)
            if at not in self._facts:
                self._facts[at] = kernel_facts(p.shape, axes, product)
            facts = self._facts[at] and dict(self._facts[at] or {})
            if facts is None:
                note = "an axis of it is summed over in part"
                kind = "position" if i in self._attends else "other"
                self._use([path], kind=kind, note=note)
                continue
            if p.told.get("kind") == "recurrent":
                facts |= {"kind": "recurrent", "parts": p.told.get("parts", 1)}
                recurrent = True
            self._use([path], **facts)
            first = path not in self._used
            self._used.add(path)
            if first and len(views) == 1 and new.shape is not None and facts["layout"] is not None:
                rows = rows_of(axes, product, facts["layout"], p.shape, new.shape)
                if rows is not None:
                    self.rows[i] = rows
        more = [path for path in new.parameters if path not in views]
        if more:
            outs = self._outer(w, views)
            for path in more:
                self._use([path], kind="adapter_out" if path in outs else "adapter_in")
        return dataclasses.replace(new, kind="recurrent" if recurrent else "layer",
                                   parameters=tuple(views) + tuple(
                                       p for p in new.parameters if p not in views))  # fmt: skip

    def _outer(self, w: int, views: View) -> set[str]:
        """Of a low-rank update that is added to a kernel, the weights that hold its outputs."""
        base = next((self.uses[path] for path in views if self.uses[path].get("layout")), None)
        if base is None:
            return set()
        (outs, *_) = base["layout"].out or (0,)
        found: set[str] = set()
        seen: set[int] = set()
        front = [w]
        while front:
            i = front.pop()
            if i in seen:
                continue
            seen.add(i)
            node = self.nodes[i]
            if node.kind == "product" and node.product is not None:
                axes: list[Any] = axis_indices(node.shape or ())
                at, before = i, -1
                while at != before and at != w:  # to where it is added to the kernel
                    before = at
                    at = next((c for c in self.consumers[at] if not self.signal[c]), at)
                    if self.nodes[at].kind == "sum":
                        break
                    if self.nodes[at].kind == "move":
                        axes = [moved(self.nodes[at], [a]) for a in axes]
                if any(a is None for a in axes):
                    return set()
                carries = next(k for k, a in enumerate(axes) if varies(a)[outs])
                letter = node.product.result[carries]
                for j, letters in zip(node.inputs, node.product.operands, strict=True):
                    if letter in letters:
                        found.update(self._paths(j))
            else:
                front += node.inputs
        return found

    def _beside(self, nodes: list[Node]) -> None:
        """Weights that meet the signal element by element."""
        for i, node in enumerate(nodes):
            if node.kind not in ("map", "sum", "statistic") or not self.signal[i]:
                continue
            recorded = self.nodes[i]
            weights = [j for j in recorded.inputs if not self.signal[j] and self._paths(j)]
            if recorded.kind not in ("map", "sum") or not weights:
                continue
            how = _how(recorded, [self.signal[j] for j in recorded.inputs])
            for w in weights:
                paths = self._paths(w)
                if how == "add":
                    sizes = [n for p in paths[:1] for n in self.known[p].shape if n > 1]
                    self._added(nodes, i, w, paths, len(sizes) <= 1)
                elif how == "multiply":
                    normalized = node.kind == "statistic" or _after_norm(nodes, node.inputs)
                    start = self._start(w) if normalized else None
                    more = {} if start is None else {"starts": ((0, -1, start),)}
                    self._use(paths, kind="scale" if normalized else "multiplier", **more)
                else:
                    self._use(paths, kind="multiplier" if len(weights) else "other")
            if node.kind == "statistic":
                continue
            if how in ("add", "multiply"):
                nodes[i] = dataclasses.replace(node, kind="move", function=None)
            elif node.function is not None:
                nodes[i] = dataclasses.replace(node, function=self._closed(recorded))

    def _added(self, nodes: list[Node], i: int, w: int, paths: tuple[str, ...], flat: bool) -> None:
        node = nodes[i]
        after = _after_norm(nodes, node.inputs)
        layer = _feeding(nodes, node.inputs)
        bias = flat or (layer is not None and self._has_outputs(nodes[layer], w))
        shift = bias and after and layer is None
        self._use(paths, kind=("shift" if shift else "bias") if bias else "position")

    def _has_outputs(self, layer: Node, w: int) -> bool:
        """Whether a weight of several axes has the outputs of the layer before as its own."""
        for path in layer.parameters:
            layout = self.uses.get(path, {}).get("layout")
            shape = self.known[path].shape
            if layout and layout.out:
                sizes = tuple(shape[a] for a in sorted(layout.batch + layout.out))
                own = tuple(n for p in self._paths(w)[:1] for n in self.known[p].shape if n > 1)
                if own == tuple(n for n in sizes if n > 1):
                    return True
        return False

    def _start(self, w: int) -> float | None:
        """Where a scale has to start for its factor to be 1, if that is not at 1."""
        value = self._of_one(w, [0.0, 1.0])
        return 0.0 if value is not None and abs(value[0] - 1.0) < 1e-6 else None

    def _of_one(self, i: int, values: Any) -> Any:
        """A value made of one weight by maps, at `values` of that weight."""
        node = self.nodes[i]
        if node.kind == "weight":
            return np.asarray(values, dtype=np.float64)
        if node.kind == "move" and len(node.inputs) == 1:
            return self._of_one(node.inputs[0], values)
        if node.kind in ("map", "sum") and len(node.inputs) == 1 and node.function is not None:
            inside = self._of_one(node.inputs[0], values)
            try:
                return None if inside is None else np.asarray(node.function(inside))
            except Exception:
                return None
        return None

    def _closed(self, node: Node) -> Any:
        """A map as a function of its signals alone, its weights at their present values."""
        given: list[Any] = []
        for j in node.inputs:
            if self.signal[j]:
                given.append(None)
                continue
            paths = self._paths(j)
            value = self.known[paths[0]].value if len(paths) == 1 else None
            value = None if value is None else self._of_one(j, [value])
            if value is None:
                return None
            given.append(float(value[0]))
        function = node.function

        def closed(*arrays: Any) -> Any:
            rest = iter(arrays)
            filled = [next(rest) if g is None else np.float64(g) for g in given]
            return function(*filled) if function else None

        return closed

    def _parameter(self, p: Parameter) -> Parameter:
        found = self.uses.get(p.path)
        if found is None:
            if p.kind:
                return p
            told = {"kind": "unused", **p.told}
            note = "the forward pass does not reach it"
            if told["kind"] != "unused":
                note = f"{note}; by its module alone"
            return dataclasses.replace(p, **{**told, "note": told.get("note") or note})
        more = dict(found)
        starts = more.pop("starts", ())
        if starts and p.shape:
            more["starts"] = ((0, p.shape[0], starts[0][2]),)
        return dataclasses.replace(p, **more)


def _is_quotient(nodes: list[Node], i: int) -> bool:
    """Whether it may be the last operation of a softmax that is spelled out."""
    inputs = nodes[i].inputs
    return len(inputs) == 2 and any(
        nodes[j].kind in ("reduce", "move") and inputs[0] in (*nodes[j].inputs, *(
            k for m in nodes[j].inputs for k in nodes[m].inputs)) for j in inputs[1:]
    )  # fmt: skip


def _is_identity(node: Node) -> bool:
    x = np.array([-1.5, 0.25, 3.0])
    try:
        return node.function is not None and bool(np.array_equal(node.function(x), x))
    except Exception:
        return False


def _how(node: Node, signal: list[bool]) -> str:
    """How weights meet the signal in a map: `"add"`, `"multiply"` or neither."""
    if node.kind == "sum":
        return "add"
    if node.function is None or len(signal) != 2:
        return ""
    x, w = np.array([-3.1, -0.4, 2.1]), np.array([1.9, 0.6, 1.1])

    def at(a: Any, b: Any) -> Any:
        return np.asarray(node.function(*((a, b) if signal[0] else (b, a))))  # type: ignore[misc]

    try:
        with np.errstate(all="ignore"):
            if all(np.allclose(at(c * x, w), c * at(x, w), rtol=1e-5) for c in (3.0, -1.0)):
                return "multiply"
            if np.allclose(at(x + 2.0, w) - at(x, w), 2.0, rtol=1e-5):
                return "add"
    except Exception:
        return ""
    return ""


def _after_norm(nodes: list[Node], front: Iterable[int], steps: int = 4) -> bool:
    """Whether values come out of a normalization, within a few moves."""
    front = list(front)
    for _ in range(steps):
        if any(nodes[i].kind == "norm" for i in front):
            return True
        front = [j for i in front if nodes[i].kind in ("map", "move") for j in nodes[i].inputs]
    return False


def _feeding(nodes: list[Node], front: Iterable[int], steps: int = 6) -> int | None:
    """The layer that values come out of, through moves alone."""
    front = list(front)
    for _ in range(steps):
        for i in front:
            if nodes[i].kind in ("layer", "recurrent"):
                return i
        front = [j for i in front if nodes[i].kind == "move" for j in nodes[i].inputs]
    return None


def uses_of(graph: Graph) -> Mapping[str, list[int]]:
    """The nodes at which each weight takes part."""
    found: dict[str, list[int]] = {}
    for i, node in enumerate(graph.nodes):
        for path in node.parameters:
            found.setdefault(path, []).append(i)
    return found
