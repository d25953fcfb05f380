"""The recorded graph: operations against what they compute, whole models against tables."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from initcore_keras import initialize
from initcore_keras.networks import trace

BACKEND = keras.backend.backend()
Function = Callable[..., Any]


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


class Applied(keras.Model):  # type: ignore[misc]
    """A function as a model, with a weight so that it counts as one."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function
        self.unused = self.add_weight(shape=(1,), name="unused")
        self.built = True

    def call(self, *xs: Any) -> Any:
        return self.function(*xs)


def nodes_of(function: Function, *arrays: Any) -> Any:
    model = Applied(function)
    graph = trace(model, (tuple(keras.KerasTensor(a.shape, str(a.dtype)) for a in arrays), {}))
    assert graph.traced, graph.note
    return graph


def evaluated(graph: Any, arrays: Any) -> list[Any]:
    """What the graph's outputs are by its nodes' own functions and letters."""
    values: dict[int, Any] = {}
    given = iter(arrays)
    for i, node in enumerate(graph.nodes):
        inputs = [values[j] for j in node.inputs]
        if node.kind == "input":
            values[i] = next(given)
        elif node.kind == "product":
            equation = f"{','.join(node.product.operands)}->{node.product.result}"
            values[i] = np.einsum(equation, *inputs)
        elif node.function is not None:
            values[i] = np.asarray(node.function(*inputs))
        assert i not in values or values[i].shape == node.shape, node
    return [values[i] for i in graph.outputs]


X = np.arange(2 * 4 * 6).reshape(2, 4, 6).astype("float32")
MOVES: dict[str, Function] = {
    "reshape": lambda x: ops.reshape(x, (-1, 3, 8)),
    "transpose": lambda x: ops.transpose(x, (2, 0, 1)),
    "all axes": lambda x: ops.transpose(x[0]),
    "moveaxis": lambda x: ops.moveaxis(x, 0, -1),
    "swapaxes": lambda x: ops.swapaxes(x, 1, 2),
    "expand": lambda x: ops.expand_dims(x, (0, 2)),
    "squeeze": lambda x: ops.squeeze(x[:1], 0),
    "split": lambda x: ops.split(x, 3, axis=-1),
    "split at": lambda x: ops.split(x, [1, 3], axis=1),
    "unstack": lambda x: ops.unstack(x, axis=1),
    "unpacked": lambda x: [*x],
    "slices": lambda x: x[:, 1:3, ::2],
    "ellipsis": lambda x: x[..., -1],
    "new axis": lambda x: x[:, None, 0],
    "slice": lambda x: ops.slice(x, (0, 1, 2), (2, 2, 3)),
    "take": lambda x: ops.take(x, ops.convert_to_tensor([2, 0, 1]), axis=1),
    "take along": lambda x: ops.take_along_axis(x, np.zeros((2, 1, 6), "int32"), axis=1),
    "concatenate": lambda x: ops.concatenate([x[:, 2:], x[:, :2]], axis=1),
    "stack": lambda x: ops.stack([x, x], axis=-1),
    "flip": lambda x: ops.flip(x, axis=1),
    "roll": lambda x: ops.roll(x, 1, axis=2),
    "rot90": ops.rot90,
    "repeat": lambda x: ops.repeat(x, 2, axis=1),
    "tile": lambda x: ops.tile(x, (1, 2, 1)),
    "broadcast": lambda x: ops.broadcast_to(x[:, :1], (2, 5, 6)),
    "diagonal": lambda x: ops.diagonal(x, axis1=1, axis2=2),
    "ravel": ops.ravel,
    "depth to space": lambda x: keras.ops.depth_to_space(ops.reshape(x, (1, 2, 2, 12)), 2),
    "update": lambda x: ops.slice_update(x, (0, 1, 0), x[:, :1]),
    "method": lambda x: x.reshape(2, 24),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves_move_numbers_as_the_backend_does(name: str) -> None:
    if name == "depth to space" and not hasattr(keras.ops, "depth_to_space"):
        pytest.skip("this Keras has none")
    if name == "method" and BACKEND == "tensorflow":
        pytest.skip("its tensors have no such method")
    graph = nodes_of(MOVES[name], X)
    assert {n.kind for n in graph.nodes} <= {"input", "move"}
    made = MOVES[name](ops.convert_to_tensor(X))
    for mine, theirs in zip(evaluated(graph, [X.astype(int)]), keras.tree.flatten(made),
                            strict=True):  # fmt: skip
        np.testing.assert_array_equal(mine, numpy(theirs))


def test_what_is_filled_in_comes_from_nowhere() -> None:
    for function in (lambda x: ops.pad(x, ((0, 0), (1, 1), (0, 0))),
                     lambda x: ops.concatenate([ops.zeros((2, 1, 6)), x, ops.ones((2, 1, 6))], 1),
                     lambda x: ops.slice_update(ops.zeros((2, 6, 6)), (0, 1, 0), x)):  # fmt: skip
        (made,) = evaluated(nodes_of(function, X), [X.astype(int)])
        np.testing.assert_array_equal(made[:, 1:-1], X)
        assert (made[:, [0, -1]] == -1).all()


MAPS: dict[str, Function] = {
    **{name: getattr(keras.activations, name) for name in (
        "relu", "gelu", "silu", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign", "relu6",
        "hard_sigmoid", "hard_silu", "leaky_relu", "mish", "exponential", "celu", "hard_tanh",
        "log_sigmoid", "squareplus", "tanh_shrink", "soft_shrink", "hard_shrink",
    )},
    "threshold": lambda x: keras.activations.threshold(x, 0.5, 0.1),
    "erf": ops.erf, "rsqrt": lambda x: ops.rsqrt(ops.square(x) + 1),
    "clip": lambda x: ops.clip(x, 0, 6),
    "where": lambda x: ops.where(x > 0, x, 0.1 * x), "powers": lambda x: 0.5 * x**3 - x / 2,
    "folded": lambda x: ops.maximum(x, -x), "scaled": lambda x: ops.convert_to_tensor(0.5) * x,
}  # fmt: skip


@pytest.mark.parametrize("name", MAPS)
def test_maps_compute_what_the_backend_does(name: str) -> None:
    x = np.linspace(-4, 4, 24).reshape(2, 12).astype("float32")
    graph = nodes_of(MAPS[name], x)
    assert {n.kind for n in graph.nodes} <= {"input", "map", "sum"}
    (mine,) = evaluated(graph, [x.astype(np.float64)])
    # A few roundings of float32 to each operation.
    tolerance = 16 * len(graph.nodes) * np.finfo(np.float32).eps
    np.testing.assert_allclose(mine, numpy(MAPS[name](ops.convert_to_tensor(x))),
                               rtol=tolerance, atol=tolerance)  # fmt: skip


PRODUCTS: dict[str, tuple[Function, tuple[tuple[int, ...], ...]]] = {
    "matmul": (ops.matmul, ((2, 3, 4), (4, 5))),
    "batched": (ops.matmul, ((2, 1, 3, 4), (2, 6, 4, 5))),
    "fewer axes": (ops.matmul, ((5, 2, 3, 4), (2, 4, 6))),
    "a vector": (ops.matmul, ((3, 4), (4,))),
    "the operator": (lambda a, b: a @ b, ((3, 4), (4, 2))),
    "dot": (ops.dot, ((2, 3, 4), (4, 5))),
    "inner": (ops.inner, ((2, 3), (4, 3))),
    "tensordot": (lambda a, b: ops.tensordot(a, b, axes=[[1, 2], [0, 1]]), ((2, 3, 4), (3, 4, 5))),
    "einsum": (lambda a, b: ops.einsum("bqm,mhd->bhqd", a, b), ((2, 3, 4), (4, 2, 5))),
    "dots": (lambda a, b: ops.einsum("...x,xy->...y", a, b), ((2, 3, 4), (4, 5))),
    "no arrow": (lambda a, b: ops.einsum("ij,jk", a, b), ((2, 3), (3, 4))),
    "three": (lambda a, b, c: ops.einsum("ij,jk,kl->il", a, b, c), ((2, 3), (3, 4), (4, 5))),
    "elementwise": (lambda a, b: ops.einsum("bd,d->bd", a, b), ((2, 3), (3,))),
    "experts": (lambda a, b: ops.einsum("btd,edf->btef", a, b), ((2, 3, 4), (5, 4, 6))),
    "outer": (ops.outer, ((3,), (4,))),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_letters_of_products_say_what_is_contracted(name: str) -> None:
    function, shapes = PRODUCTS[name]
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype("float32") for s in shapes]
    (mine,) = evaluated(nodes_of(function, *arrays), arrays)
    theirs = numpy(function(*map(ops.convert_to_tensor, arrays)))
    np.testing.assert_allclose(mine, theirs, atol=64 * np.finfo(np.float32).eps)


CONVOLUTIONS = {
    "strided": layers.Conv2D(4, 3, strides=2), "same": layers.Conv2D(4, (3, 2), padding="same"),
    "dilated": layers.Conv2D(4, 3, dilation_rate=2),
    "causal": layers.Conv1D(4, 3, padding="causal"),
    "grouped": layers.Conv2D(6, 3, groups=2, strides=(1, 2), padding="same"),
    "depthwise": layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2),
    "separable": layers.SeparableConv1D(5, 3, depth_multiplier=2),
    "transposed": layers.Conv2DTranspose(5, 3, strides=2, padding="same"),
    "transposed too": layers.Conv1DTranspose(5, 4, strides=3, output_padding=1),
    "of volumes": layers.Conv3D(3, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_have_the_shapes_that_they_compute(name: str) -> None:
    layer = CONVOLUTIONS[name]
    ndim = {"1": 1, "2": 2, "3": 3}[next(c for c in type(layer).__name__ if c.isdigit())]
    x = np.ones((2, *(9, 8, 7)[:ndim], 4), "float32")
    made = layer(x)
    graph = trace(layer, keras.KerasTensor(x.shape))
    (end,) = graph.outputs
    assert graph.nodes[end].shape == tuple(made.shape)
    for node in graph.nodes:
        if node.kind == "product":
            sizes = [graph.nodes[j].shape for j in node.inputs]
            assert [len(s) for s in sizes] == [len(o) for o in node.product.operands]
            assert len(node.shape) == len(node.product.result)
            assert node.product.groups == getattr(layer, "groups", 1)


def test_channels_may_stand_first() -> None:
    layer = layers.Conv2D(6, 3, strides=2, groups=2, data_format="channels_first")
    layer.build((None, 4, 9, 8))  # not every backend can compute it
    nodes = trace(layer, keras.KerasTensor((2, 4, 9, 8))).nodes
    (node,) = [n for n in nodes if n.kind == "product"]
    (signal, kernel), result = node.product.operands, node.product.result
    assert node.shape == (2, 6, 4, 3)
    assert (signal[1], result[1]) == (kernel[-2], kernel[-1])
    assert node.product.groups == 2


def test_the_same_graph_is_recorded_on_every_backend() -> None:
    x = keras.Input((6, 8))
    a = layers.MultiHeadAttention(2, 4, dropout=0.1, use_bias=False, name="a")(x, x)
    graph = trace(keras.Model(x, layers.Add()([x, layers.LayerNormalization()(a)])))
    weights = [n.label for n in graph.nodes if n.kind == "weight"]
    signals = {i: n for n, i in enumerate(
        i for i, node in enumerate(graph.nodes) if node.kind != "weight")}  # fmt: skip
    found = [
        (node.kind, *(signals[j] for j in node.inputs if j in signals), node.axis,
         node.product and ",".join(node.product.operands))
        for node in graph.nodes if node.kind != "weight"
    ]  # fmt: skip
    assert sorted(weights)[:4] == [
        f"a/{n}/kernel" for n in ("attention_output", "key", "query", "value")
    ]
    assert found == [
        ("input", None, None),
        ("product", 0, None, "abc,cde"),
        ("product", 0, None, "abc,cde"),
        ("product", 0, None, "abc,cde"),
        ("map", 1, None, None),
        ("product", 2, 4, None, "aecd,abcd"),  # Keras computes key times query
        ("softmax", 5, 3, None),
        ("product", 6, 3, None, "acbe,aecd"),
        ("product", 7, None, "abcd,cde"),
        ("norm", 8, None, None),
        ("sum", 0, 9, None, None),
    ]


def attention(**how: Any) -> Any:
    x = keras.Input((6, 16))
    mask = keras.Input((6, 6), dtype="bool")
    call = {"attention_mask": mask} if how.pop("masked", False) else {}
    if how.pop("causal", False):
        call["use_causal_mask"] = True
    h = layers.Add()([x, layers.MultiHeadAttention(2, 8, name="a", **how)(x, x, **call)])
    y = layers.Add()([h, layers.Dense(16, name="down")(layers.Dense(32, "gelu", name="up")(h))])
    return keras.Model([x, mask] if "attention_mask" in call else x, y)


@pytest.mark.parametrize("how", [
    {"dropout": 0.1}, {"masked": True}, {"masked": True, "dropout": 0.1}, {"causal": True},
    {"causal": True, "dropout": 0.1}, {},
], ids=str)  # fmt: skip
def test_attention_has_its_roles_on_every_path(how: dict[str, Any]) -> None:
    model = attention(**how)
    report = initialize(model, "idinit")
    assert {p: a.weight.role for p, a in report.items() if p.endswith("kernel")} == {
        "a/query/kernel": "attention_query", "a/key/kernel": "attention_key",
        "a/value/kernel": "attention_value", "a/attention_output/kernel": "attention_output",
        "up/kernel": "feed_forward_in", "down/kernel": "feed_forward_out",
    }  # fmt: skip
    z = np.random.default_rng(0).normal(size=(2, 6, 16)).astype("float32")
    given = [z, np.ones((2, 6, 6), bool)] if how.get("masked") else z
    # idinit_zero's entries are 1e-6.
    np.testing.assert_allclose(numpy(model(given)), z, atol=1e-4)
