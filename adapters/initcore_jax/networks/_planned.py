"""`plan(model, scheme)`: decided once, written into any copy or sharding of the model."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import jax
import ml_dtypes
import numpy as np

from initcore import networks
from initcore.diagnostics import signal_check
from initcore.networks import PLAN, AskedScheme, Overrides, Paths, Plan, described

from ._model import JaxModel, as_array

__all__ = ["plan"]


@described(PLAN)
def plan(
    model: Any, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Plan:  # fmt: skip
    """What `initialize` would give every weight of `model`.

    Args:
        model: A Flax, Equinox or plain JAX model as `initialize` takes; it is only looked at.
        sample_input: What the model is called with, as for `initialize`.

    >>> import jax, jax.numpy as jnp
    >>> def net(params, x):
    ...     return jax.nn.relu(x @ params["in"]) @ params["out"]
    >>> params = {"in": jnp.zeros((8, 8)), "out": jnp.zeros((8, 2))}
    >>> made = plan((net, params), "orthogonal", sample_input=jnp.ones((1, 8)))
    >>> params, report = made.apply((net, params))
    >>> made.fingerprint((net, params)) == f"initcore plan {made.hash}"
    True
    """
    return networks.make_plan(
        JaxModel("plan", model, sample_input, seed), scheme, seed=seed, overrides=overrides,
        paths=paths, only=only, input_scale=input_scale,
    )  # fmt: skip


class _Planned(JaxModel):
    """A model by the paths of its weights, which are the same in every copy."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {path: tuple(np.shape(w)) for path, w in self._known.weights.items()}

    def parts(self, path: str) -> Iterator[tuple[tuple[int, ...], Any, float]]:
        """Each shard that this process holds, once."""
        w = self._known.weights[path]
        eps = float(ml_dtypes.finfo(w.dtype).eps)  # type: ignore[no-untyped-call]
        if not isinstance(w, jax.Array):
            yield (0,) * np.ndim(w), as_array(w), eps
            return
        for shard in w.addressable_shards:
            if shard.replica_id == 0 or not w.is_fully_addressable:
                offset = tuple(at.start or 0 for at in shard.index)
                yield offset, as_array(shard.data), eps


def _apply(plan: Plan, model: Any, sample: Any) -> Any:
    known = _Planned("Plan.apply", model, sample)
    return networks.apply_to(plan, known, signal_check if sample is not None else None)


def _verify(plan: Plan, model: Any) -> None:
    networks.verify(plan, _Planned("Plan.fingerprint", model, None))


ROOTS = ("flax", "equinox", "haiku", "jax", "tuple")  # a pair is a function and its parameters
networks.register_applier(ROOTS, networks.Applier(_apply, _verify))
