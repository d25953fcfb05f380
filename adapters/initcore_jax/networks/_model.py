"""A JAX model as the core sees it."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import Rng
from initcore.diagnostics import too_many
from initcore.networks import Assignment, Graph, Linearized, Recording, Report, draw_with

from .._init import _draw, _dtype
from ._functional import FunctionalModel
from ._inputs import drawn, settled
from ._models import functional
from ._traced import Traced, traced
from ._walk import Place, walk

__all__ = ["JaxModel", "as_array"]

Tap = Callable[[Place, Any], Any]
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


class JaxModel:
    """`initcore.networks.TracedModel` of a model of any library and what it is called with."""

    def __init__(self, who: str, model: Any, sample: Any, seed: int = 0) -> None:
        self._who, self._given, self._sample, self._seed = who, model, sample, seed
        self._new: dict[str, Any] = {}

    @cached_property
    def _known(self) -> FunctionalModel:
        return functional(self._given, self._sample, self._seed, self._who)

    @cached_property
    def _traced(self) -> Traced:
        return traced(self._known, self._sample, self._who)

    @property
    def name(self) -> str:
        return self._known.name

    @property
    def graph(self) -> Graph:
        return self._traced.graph

    @property
    def quantized(self) -> Sequence[str]:
        return ()

    def check_weight(self, path: str) -> None:
        self._dtype(path)

    def write(self, assignment: Assignment, key: tuple[int, int]) -> None:
        """Draw a weight of the dtype and on the devices of the one it replaces."""
        path, shape = assignment.weight.path, assignment.weight.parameter.shape
        leaf = self._known.weights[path]
        assert assignment.name is not None
        sharding = _sharding(leaf)
        spread = sharding if sharding is not None and len(sharding.device_set) > 1 else None
        if assignment.pieces or assignment.starts:
            rng = Rng.from_key(key, xp=jnp, dtype=self._dtype(path))
            w = draw_with(rng, assignment)
            w = w if sharding is None else jax.device_put(w, sharding)
            self._new[path] = np.asarray(w) if isinstance(leaf, np.ndarray) else w
            return
        w = _draw(assignment.name, key, shape, assignment.shape, self._dtype(path),
                  dict(assignment.parameters), assignment.layout, spread)  # fmt: skip
        if spread is None and sharding is not None:
            w = jax.device_put(w, sharding)
        self._new[path] = np.asarray(w) if isinstance(leaf, np.ndarray) else jnp.asarray(w)

    def scale(self, path: str, factor: float) -> None:
        w = self._new[path]
        self._new[path] = w * np.asarray(factor, w.dtype)

    def restored_on_error(self, paths: Sequence[str]) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()  # nothing is written before `finish`

    def finish(self, report: Report) -> Any:
        new = self._known.refill(self._new)
        return report if new is None else (new, report)

    def values(self, path: str) -> Any:
        return as_array(self._weights[path])

    def bias(self, path: str) -> Any:
        bias = self._traced.recorder.biases.get(path)
        return None if bias is None else self.values(bias)

    @property
    def has_data(self) -> bool:
        arrays = self._traced.arrays
        return bool(arrays) and not any(isinstance(x, jax.ShapeDtypeStruct) for x in arrays)

    @property
    def float_inputs(self) -> Sequence[bool]:
        return [_is_float(x) for x in self._traced.arrays]

    def run_scaled(self, paths: Collection[str], factor: Callable[[str, float], float]) -> None:
        recorder = self._traced.recorder
        for path in sorted(recorder.made.stacked & set(paths)):
            raise ValueError(
                f"{self._who} needs layers that it can scale one by one; {path} is a stack that a "
                "loop runs over."
            )

        def tap(place: Place, made: Any) -> Any:
            at = recorder.products.get(place, ())
            if len(at) != 1 or at[0] not in paths:
                return made
            variance = float(jnp.var(made.astype(jnp.promote_types(made.dtype, jnp.float32))))
            return made * jnp.asarray(factor(at[0], variance), made.dtype)

        self._run(self._arguments, tap)

    @property
    def too_dear(self) -> str:
        """Why the model is not run after it was initialized; empty if it can be."""
        weights = list(self._filled.values())
        held = [*weights, *self._known.state]
        if any(isinstance(x, jax.core.Tracer) for x in (*held, *self._traced.arrays)):
            return "it is initialized inside of a transformation"
        if any(isinstance(x, jax.ShapeDtypeStruct) for x in held):
            return "not all of its arrays have values"
        if any(len(x.sharding.device_set) > 1 for x in weights if isinstance(x, jax.Array)):
            return "its weights are spread over devices"
        return too_many(sum(x.size for x in weights))

    def recorded(self, coefficients: Callable[[Sequence[int]], Any]) -> Recording:
        recorder, arrays = self._traced.recorder, list(map(jnp.asarray, self._inputs))
        given = [*self._weights.values(), *self._known.state, *arrays]
        fresh = {  # batch normalizations without statistics
            place: axes
            for place, (n, axes) in recorder.centred.items()
            if not np.any(np.asarray(given[len(self._known.weights) + n]))
        }

        def run(added: dict[str, Any], given: list[Any]) -> Any:
            signals: dict[str, Any] = {}

            def tap(place: Place, made: Any) -> Any:
                if place in fresh:
                    return settled(made, fresh[place])
                path = recorder.layers.get(place)
                if path is None or path in signals:
                    return made
                signals[path] = made + added[path] if path in added else made
                return signals[path]

            y = self._output(given, tap)
            return (y * jnp.asarray(coefficients(y.shape), y.dtype)).sum(), signals

        # The gradient by a layer's output is the one by zeros that are added to it.
        shapes = jax.eval_shape(lambda given: run({}, given)[1], given)
        zeros = {path: jnp.zeros(s.shape, s.dtype) for path, s in shapes.items()}
        gradients, signals = jax.jit(jax.grad(run, has_aux=True), compiler_options=QUICK)(
            zeros, given
        )
        count = len(arrays[0]) if arrays and arrays[0].ndim else 1
        if not all(count in s.shape for s in signals.values()):  # called on one sample
            count = 1
        return Recording(
            {path: _counted(as_array(s), count) for path, s in signals.items()},
            {path: _counted(as_array(g), count) for path, g in gradients.items()},
            next((as_array(x) for x in arrays if _is_float(x)), None),
        )

    @property
    def _inputs(self) -> list[Any]:
        """The arrays that the model is run on; in `initialize` numbers for those without any."""
        if self._who != "initialize":
            return self._traced.arrays
        tables = [self.graph.nodes[n.inputs[0]] for n in self.graph.nodes if n.kind == "look_up"]
        rows = min((t.shape[0] for t in tables if t.shape), default=1)
        return [
            x if is_state else drawn(x, rows)
            for x, is_state in zip(self._traced.arrays, self._traced.states, strict=True)
        ]

    @contextlib.contextmanager
    def linearized(self, at: int | None) -> Iterator[Linearized | None]:
        found = self._by_look_up() if at is None else self._by_input(at)
        if found is None or not any(node.kind == "input" for node in self.graph.nodes):
            yield None
            return
        function, x = found
        y, pull = jax.vjp(function, x)
        push = jax.jit(jax.vmap(lambda v: jax.jvp(function, (x,), (v,))[1]))
        pulls = jax.jit(jax.vmap(lambda u: pull(u)[0]))
        yield Linearized(
            (x.shape, y.shape),
            lambda v: as_array(push(jnp.asarray(v, x.dtype))),
            lambda u: as_array(pulls(jnp.asarray(u, y.dtype))),
        )

    def _by_input(self, number: int) -> tuple[Callable[[Any], Any], Any]:
        given = self._arguments
        at = len(given) - len(self._traced.arrays) + number

        def function(x: Any) -> Any:
            return self._output([*given[:at], x, *given[at + 1 :]], lambda _, made: made)

        return function, given[at]

    def _by_look_up(self) -> tuple[Callable[[Any], Any], Any] | None:
        tables, looked_up = self._traced.recorder.tables, []
        if not tables:
            return None

        def keep(place: Place, made: Any) -> Any:
            if place == tables[0]:
                looked_up.append(made)
            return made

        self._run(self._arguments, keep)

        def function(x: Any) -> Any:
            return self._output(
                self._arguments, lambda place, made: x if place == tables[0] else made
            )

        return function, looked_up[0]

    @property
    def _filled(self) -> dict[str, Any]:
        """All weights, the new ones among them, and in `initialize` those that it leaves alone."""
        weights = {**self._known.weights, **self._new}
        if self._who == "initialize":
            absent = [p for p, w in weights.items() if isinstance(w, jax.ShapeDtypeStruct)]
            weights |= self._known.made(absent)
        return weights

    @property
    def _weights(self) -> dict[str, Any]:
        """All weights, the new ones among them; an error unless they have values."""
        weights = self._filled
        if any(isinstance(w, jax.ShapeDtypeStruct) for w in weights.values()):
            raise TypeError(
                f"{self._who} needs a model with values; of a Flax linen module the pair "
                "(module.apply, variables)."
            )
        return weights

    @property
    def _arguments(self) -> list[Any]:
        """What the jaxpr takes."""
        arrays = map(jnp.asarray, self._traced.arrays)
        return [*self._weights.values(), *self._known.state, *arrays]

    def _run(self, given: list[Any], tap: Tap) -> list[Any]:
        return walk(self._traced.jaxpr, self._traced.consts, given, tap)

    def _output(self, given: list[Any], tap: Tap) -> Any:
        outputs = self._run(given, tap)
        for y in outputs:
            if _is_float(y):
                return y
        raise TypeError(f"{self._who} needs a model with a floating-point output.")

    def _dtype(self, path: str) -> str:
        return _dtype(self._known.weights[path].dtype, None, f"{self._who}: {path}", complex_=True)


def _counted(values: Any, count: int) -> Any:
    """With the axis that counts the inputs first; `vmap` may have moved it."""
    if count not in values.shape:
        return values.reshape(1, -1)
    return np.moveaxis(values, values.shape.index(count), 0)


def _is_float(x: Any) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.floating))


def _sharding(leaf: Any) -> Any:
    """Where a weight lies, or where the mesh in use puts one that has only a shape."""
    sharding = getattr(leaf, "sharding", None)
    if isinstance(getattr(sharding, "mesh", None), jax.sharding.AbstractMesh):
        mesh = jax.sharding.get_mesh()
        return None if mesh.empty else jax.sharding.NamedSharding(mesh, sharding.spec)  # type: ignore[union-attr]
    return sharding


def as_array(x: Any) -> Any:
    return np.asarray(x, np.complex128 if jnp.iscomplexobj(x) else np.float64)
