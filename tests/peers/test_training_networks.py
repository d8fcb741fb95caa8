"""Networks drawn at random, trained beside PyTorch: losses and weights in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from drawn import many
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from twins import of_graph  # noqa: E402

from cnnviz.errors import SpecError  # noqa: E402
from cnnviz.graph import INPUT, Graph, Node  # noqa: E402
from cnnviz.layers import find, names  # noqa: E402
from cnnviz.model.ending import without_softmax  # noqa: E402
from cnnviz.model.initial import wanted_shapes  # noqa: E402
from cnnviz.training.optimizers import SGD, Adam, AdamW  # noqa: E402
from cnnviz.training.schedules import Cosine  # noqa: E402
from cnnviz.training.step import Pass  # noqa: E402

STEPS, IMAGES, CLASSES = 4, 5, 3
MOST = 800  # values that a layer is still put after
DECAY = 0.01
OPTIMIZERS: list[tuple[Any, Callable[..., Any]]] = [
    (
        lambda: SGD(lr=0.05, momentum=0.9, nesterov=True, weight_decay=DECAY),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=DECAY),
    ),
    (
        lambda: Adam(lr=0.01, weight_decay=DECAY),
        lambda p: torch.optim.Adam(p, 0.01, weight_decay=DECAY),
    ),
    (
        lambda: AdamW(lr=0.01, weight_decay=DECAY),
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=DECAY),
    ),
]
one_or_two, rim = st.integers(1, 2), st.integers(0, 2)
ends = st.sampled_from([None, "relu", "tanh", "sigmoid", "elu", "silu", "softplus", "gelu"])
PLAIN = ["tanh", "sigmoid", "elu", "silu", "softplus", "gelu", "relu"]


def pairs(draw, rank: int, of=rim) -> tuple[tuple[int, int], ...]:
    return tuple((draw(of), draw(of)) for _ in range(rank))


def alike(draw, rank: int, most: int = 1) -> tuple[tuple[int, int], ...]:
    return tuple((n, n) for n in (draw(st.integers(0, most)) for _ in range(rank)))


def sized(draw, rank: int, most: int = 3) -> tuple[int, ...]:
    return tuple(draw(st.integers(1, most)) for _ in range(rank))


def sliding(draw, rank: int) -> dict[str, Any]:
    """Settings of a kernel that slides."""
    dilation = sized(draw, rank, 2)
    # Both at once is not Keras's.
    strides = sized(draw, rank, 2) if max(dilation) == 1 else (1,) * rank
    return {
        "kernel_size": sized(draw, rank), "padding": pairs(draw, rank), "activation": draw(ends),
        "use_bias": draw(st.booleans()), "strides": strides, "dilation_rate": dilation,
    }  # fmt: skip


def conv(draw, rank: int, channels: int) -> Any:
    groups = draw(st.sampled_from([n for n in (1, 2, 3, 4) if not channels % n]))
    filters = groups * draw(one_or_two)
    return find(f"Conv{rank}D")(filters, groups=groups, **sliding(draw, rank))


def depthwise(draw, rank: int, channels: int) -> Any:
    return find("DepthwiseConv2D")(depth_multiplier=draw(one_or_two), **square(draw))


def separable(draw, rank: int, channels: int) -> Any:
    return find("SeparableConv2D")(3, depth_multiplier=draw(one_or_two), **square(draw))


def square(draw) -> dict[str, Any]:
    """Keras's depthwise kernels take equal strides only."""
    own = sliding(draw, 2)
    return own | {"strides": own["strides"][:1] * 2}


def transposed(draw, rank: int, channels: int) -> Any:
    own = sliding(draw, 2) | {"padding": alike(draw, 2)}
    added = tuple(n - 1 for n in own["strides"])
    return find("Conv2DTranspose")(draw(st.integers(2, 4)), output_padding=added, **own)


def local(draw, rank: int, channels: int) -> Any:
    size, strides = sized(draw, rank), sized(draw, rank, 2)
    bias = draw(st.booleans())
    return find(f"LocallyConnected{rank}D")(2, size, strides, activation="tanh", use_bias=bias)


def pooling(kind: str) -> Callable[..., Any]:
    def build(draw, rank: int, channels: int) -> Any:
        more = {"count_include_pad": draw(st.booleans())} if kind == "Average" else {}
        size = tuple(n + 1 for n in sized(draw, rank, 2))
        return find(f"{kind}Pooling{rank}D")(
            size, sized(draw, rank, 3), alike(draw, rank), ceil_mode=draw(st.booleans()), **more
        )

    return build


def prelu(draw, rank: int, channels: int) -> Any:
    shared = draw(st.sampled_from([None, tuple(range(1, rank + 1)), (rank,), (rank + 1,)]))
    return find("PReLU")(shared_axes=shared)


def norm(draw, rank: int, channels: int) -> Any:
    center, scale = draw(st.booleans()), draw(st.booleans())
    return find("BatchNormalization")(epsilon=0.01, center=center, scale=scale)


def always(kind: str, *args: Any, **settings: Any) -> Callable[..., Any]:
    return lambda draw, rank, channels: find(kind)(*args, **settings)


def activation(draw, rank: int, channels: int) -> Any:
    return find("Activation")(draw(st.sampled_from(PLAIN)))


# What there is to draw of layers that take one input, by kind, and for images or sequences or both.
DRAWN: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "Conv": (conv, (1, 2)),
    "DepthwiseConv2D": (depthwise, (2,)),
    "SeparableConv2D": (separable, (2,)),
    "Conv2DTranspose": (transposed, (2,)),
    "LocallyConnected": (local, (1, 2)),
    "MaxPooling": (pooling("Max"), (1, 2)),
    "AveragePooling": (pooling("Average"), (1, 2)),
    "MinPooling": (pooling("Min"), (2,)),
    "LpPooling2D": (lambda draw, *_: find("LpPooling2D")(2, p=draw(st.integers(2, 3))), (2,)),
    "BatchNormalization": (norm, (1, 2)),
    "PReLU": (prelu, (1, 2)),
    "Activation": (activation, (1, 2)),
    "Dropout": (always("Dropout", 0.25), (1, 2)),
    "SpatialDropout2D": (always("SpatialDropout2D", 0.5), (2,)),
    "ReLU": (always("ReLU", max_value=1.5), (1, 2)),
    "LeakyReLU": (always("LeakyReLU", 0.1), (1, 2)),
    "ELU": (always("ELU", 0.7), (1, 2)),
    "GELU": (lambda draw, *_: find("GELU")(approximate=draw(st.booleans())), (1, 2)),
    "SiLU": (always("SiLU"), (1, 2)),
    "HardSwish": (always("HardSwish"), (1, 2)),
    "Sigmoid": (always("Sigmoid"), (1, 2)),
    "Tanh": (always("Tanh"), (1, 2)),
    "Softmax": (always("Softmax"), (1, 2)),
    "LocalResponseNormalization": (
        always("LocalResponseNormalization", size=3, alpha=0.3, bias=1.5), (1, 2),
    ),
    "Rescaling": (always("Rescaling", 0.6, 0.1), (1, 2)),
    "Normalization": (always("Normalization", mean=0.2, variance=1.7), (1, 2)),
    "UpSampling1D": (always("UpSampling1D", 2), (1,)),
    "UpSampling2D": (always("UpSampling2D", (2, 3)), (2,)),
    "bilinear": (always("UpSampling2D", (2, 3), interpolation="bilinear"), (2,)),
    "Cropping1D": (always("Cropping1D", 1), (1,)),
    "Cropping2D": (always("Cropping2D", ((1, 0), (0, 2))), (2,)),
    "ZeroPadding1D": (always("ZeroPadding1D", 1), (1,)),
    "ZeroPadding2D": (always("ZeroPadding2D", ((1, 0), (2, 1))), (2,)),
    "Permute": (always("Permute", (2, 1, 3)), (2,)),
}  # fmt: skip
JOINTS = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]


class Growing:
    """A network node by node."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shapes, self.nodes = {INPUT: shape}, list[Node]()

    def add(self, layer: Any, *inputs: str) -> str:
        """Return the name of one more, or the first input where it does not fit there."""
        name = f"n{len(self.nodes)}"
        try:
            shape = layer.output_shape(*(self.shapes[each] for each in inputs))
        except SpecError:
            return inputs[0]
        self.shapes[name] = shape
        self.nodes.append(Node(name, layer, inputs))
        return name


@st.composite
def networks(draw, kind: str) -> Graph:
    """Layers of that kind and of others, with branches; it has weights."""
    rank = draw(st.sampled_from(DRAWN[kind][1]))
    kinds = sorted(name for name, (_, ranks) in DRAWN.items() if rank in ranks)
    net = Growing((*(draw(st.integers(6, 9)) for _ in range(rank)), draw(st.integers(2, 4))))

    def layer(at: str, kind: str) -> str:
        if np.prod(net.shapes[at]) > MOST:
            return at
        try:
            return net.add(DRAWN[kind][0](draw, rank, net.shapes[at][-1]), at)
        except SpecError:
            return at

    before = layer(INPUT, "Conv" if draw(st.booleans()) else "BatchNormalization")
    at = layer(before, kind)
    assume(at != before)
    for _ in range(draw(st.integers(0, 3))):
        one = layer(at, draw(st.sampled_from(kinds)))
        other = layer(at, draw(st.sampled_from(kinds))) if draw(st.booleans()) else at
        joint = draw(st.sampled_from([*JOINTS, None]))
        alike = one != other and net.shapes[one] == net.shapes[other]
        at = net.add(find(joint)(), one, other) if joint and alike else one
    at = ending(draw, net, at, rank)
    if draw(st.booleans()):
        net.add(find("Softmax")(), at)
    return Graph("drawn", tuple(net.nodes), net.shapes[INPUT])


def ending(draw, net: Growing, at: str, rank: int) -> str:
    """Classes from maps: by a dense layer, or as means of as many maps."""
    way = draw(st.sampled_from(["flat", "mean", "largest", "maps"]))
    if way == "maps":
        at = net.add(find(f"Conv{rank}D")(CLASSES, 1), at)
        return net.add(find(f"GlobalAveragePooling{rank}D")(), at)
    if way == "flat":
        at = net.add(find("Flatten")(), at)
        at = net.add(find("Dense")(8, "tanh"), at)
        at = net.add(find("BatchNormalization")(epsilon=0.01), at)
        at = net.add(find("Reshape")((2, 4)), at)
        at = net.add(find("Flatten")(), at)
    else:
        kind = {"mean": "Average", "largest": "Max"}[way]
        at = net.add(find(f"Global{kind}Pooling{rank}D")(), at)
    return net.add(find("Dense")(CLASSES), at)


def drawn_weights(graph: Graph, dice: np.random.Generator) -> dict[str, dict[str, np.ndarray]]:
    """Values of both signs, of about the size that keeps what they are multiplied with."""
    made = {}
    for node, own in wanted_shapes(graph).items():
        made[node] = {}
        for name, shape in own.items():
            values = dice.standard_normal(shape)
            if "kernel" in name:
                values /= np.sqrt(max(np.prod(shape[:-1]), 1))
            if name in ("gamma", "moving_variance"):
                values = np.abs(values) + 0.5
            made[node][name] = values
    return made


@pytest.mark.parametrize("kind", DRAWN)
@settings(many(4), phases=[Phase.generate])
@given(st.data(), st.integers(0, 2**20), st.sampled_from(OPTIMIZERS), st.sampled_from([0.0, 0.1]))
def test_steps_are_those_of_a_twin(kind, data, seed, makers, smoothing):
    graph = data.draw(networks(kind))
    dice = np.random.default_rng(seed)
    x = dice.standard_normal((STEPS, IMAGES, *graph.input_shape))
    y = dice.integers(0, CLASSES, (STEPS, IMAGES))
    ours, plain = drawn_weights(graph, dice), without_softmax(graph)
    trained = {n: {w: v for w, v in own.items() if "moving" not in w} for n, own in ours.items()}
    theirs = {
        n: {w: torch.tensor(v, requires_grad=True) for w, v in own.items()}
        for n, own in trained.items()
    }
    optimizer, peer = makers[0](), twin_optimizer(theirs, makers[1])
    made, way = Cosine(total=STEPS, warmup=1), Pass(plain, ours, label_smoothing=smoothing)
    follow = torch.optim.lr_scheduler.LambdaLR(peer, made)
    for step in range(STEPS):
        learned = way.run(x[step], y[step], np.random.default_rng([seed, step]))
        optimizer.step(ours, learned.gradients, made(step))
        again = np.random.default_rng([seed, step])
        logits = of_graph.run(plain, theirs, torch.from_numpy(x[step]), again)
        losses = torch.nn.functional.cross_entropy(
            logits.flatten(1), torch.from_numpy(y[step]), reduction="none",
            label_smoothing=smoothing,
        )  # fmt: skip
        assert learned.losses.dtype == np.float64
        np.testing.assert_allclose(learned.losses, losses.detach(), rtol=1e-7, atol=1e-9)
        np.testing.assert_array_equal(
            learned.is_right, logits.flatten(1).argmax(1) == torch.from_numpy(y[step])
        )
        peer.zero_grad()
        losses.mean().backward()
        peer.step()
        follow.step()
    for node, own in theirs.items():
        for name, values in own.items():
            np.testing.assert_allclose(
                ours[node][name], values.detach(), rtol=1e-6, atol=1e-8, err_msg=f"{node}.{name}"
            )


def twin_optimizer(theirs: dict[str, dict[str, Any]], make: Callable[..., Any]) -> Any:
    named = [(name, values) for own in theirs.values() for name, values in own.items()]
    decayed = [values for name, values in named if "kernel" in name]
    others = [values for name, values in named if "kernel" not in name]
    groups = [{"params": decayed}, {"params": others, "weight_decay": 0.0}]
    return make([group for group in groups if group["params"]])


def test_the_twin_knows_every_layer():
    assert set(names()) == set(of_graph.KINDS) | {"Dropout", "SpatialDropout2D"}
