"""Flax nnx on a mesh: every array is made where it belongs.

XLA_FLAGS=--xla_force_host_platform_device_count=8 python examples/scale/flax_mesh.py
"""

import jax
import numpy as np
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

import initcore_jax as init


class Net(nnx.Module):
    """A net whose kernels name the mesh axis that their outputs or inputs lie on."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        made, rows, columns = init.orthogonal(), (None, "model"), ("model", None)
        self.up = nnx.Linear(64, 256, kernel_init=nnx.with_partitioning(made, rows), rngs=rngs)
        self.down = nnx.Linear(256, 64, kernel_init=nnx.with_partitioning(made, columns), rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.down(nnx.relu(self.up(x)))


@nnx.jit
def sharded() -> Net:
    net = Net(nnx.Rngs(0))
    state = nnx.state(net)
    specs = nnx.get_partition_spec(state)
    nnx.update(net, jax.lax.with_sharding_constraint(state, specs))
    return net


def main() -> None:
    mesh = jax.make_mesh((jax.device_count(),), ("model",),
                         axis_types=(jax.sharding.AxisType.Auto,))  # fmt: skip
    with jax.set_mesh(mesh):
        net = sharded()
    alone = init.orthogonal()(nnx.Rngs(0).params(), (64, 256))
    kernel = net.up.kernel.get_value()
    print("shards:", {s.data.shape for s in kernel.addressable_shards})
    print("as on one device:", bool(abs(np.asarray(kernel) - np.asarray(alone)).max() < 2e-6))

    # A whole network by a scheme, planned from shapes alone.
    with jax.set_mesh(mesh):
        shapes = nnx.eval_shape(lambda: Net(nnx.Rngs(0)))
    plan = init.plan(shapes, "orthogonal", seed=0, sample_input=np.zeros((1, 64), "float32"))
    plan.apply(net)
    wanted = NamedSharding(mesh, PartitionSpec(None, "model"))
    print("still sharded:", net.up.kernel.get_value().sharding.is_equivalent_to(wanted, 2))
    print(plan.fingerprint(net))


if __name__ == "__main__":
    main()
