"""What `features` measures of each layer, against formulas written apart."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.errors import SpecError
from cnnviz.graph import Graph, Node
from cnnviz.graph.choose import choose
from cnnviz.layers.activation import Activation, ReLU
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.pooling import MaxPooling2D
from cnnviz.layers.regularization import Dropout
from cnnviz.report.feature_stats import MapStats, limits_of
from cnnviz.report.features import FeatureSet, check_page, features
from cnnviz.report.layer_features import Seen

RNG = np.random.default_rng(3)
NAMES = ("a", "a/b", "b", "b/[x]", "b/x", "c*")


def graph(layers: dict[str, object] | None = None) -> Graph:
    layers = layers or dict.fromkeys(NAMES, ReLU())
    above = ("input", *layers)
    nodes = tuple(Node(own, layers[own], (last,)) for own, last in zip(layers, above, strict=False))
    return Graph("net", nodes, (6, 8, 3))


def made(
    values: np.ndarray, layer: object = None, *, names: tuple[str, ...] = ("x",), **settings
) -> FeatureSet:
    """Return what is measured of one made-up output."""
    layer = layer or Conv2D(values.shape[-1], 3, padding="same")
    net = graph({"x": layer})
    seen = Seen("photo.png", "net", np.zeros((6, 8, 3), np.float32))
    rows = [
        {
            "name": "x",
            "type": type(layer).__name__,
            "settings": "",
            "inputs": ["input"],
            "formula": [],
            "receptive_field": {"size": [3, 3], "stride": [1, 1], "start": [-1, -1]},
        }
    ]
    return features(net, rows, {"x": values}, names, seen=seen, **settings)


class TestStatistics:
    @pytest.mark.parametrize("shape", [(5, 7, 6), (9, 4), (12,)])
    def test_ranges_means_and_zeros(self, shape):
        values = RNG.normal(size=shape).astype(np.float32)
        values[values < 0.2] = 0
        stats = MapStats.of(values)
        for k in range(shape[-1]):
            own = [float(v) for v in values[..., k].ravel()]
            assert stats.low[k] == min(own)
            assert stats.high[k] == max(own)
            assert stats.mean[k] == pytest.approx(sum(own) / len(own))
            assert stats.zeros[k] == own.count(0.0)
        assert stats.sparsity == pytest.approx(float((values == 0).mean()))
        assert stats.saturation is None

    def test_dead_and_constant_maps(self):
        values = RNG.uniform(1, 2, (4, 5, 5)).astype(np.float32)
        values[..., 1], values[..., 3] = 0, -1.5
        stats = MapStats.of(values)
        assert stats.dead.tolist() == [False, True, False, False, False]
        assert stats.constant.tolist() == [False, False, False, True, False]
        assert 1 not in stats.strongest("mean")

    def test_negative_maps_have_an_order_too(self):
        means = np.array([-3, -1, -2], np.float32)
        stats = MapStats.of(np.tile(means, (4, 4, 1)) + RNG.uniform(0, 0.1, (4, 4, 1)))
        assert stats.strongest("mean") == stats.strongest("max") == [1, 2, 0]

    def test_single_values_are_no_maps(self):
        stats = MapStats.of(np.array([0, 3, 1], np.float32))
        assert not stats.dead.any()
        assert not stats.constant.any()
        assert stats.strongest("max") == [1, 2]

    @pytest.mark.parametrize(
        ("layer", "values", "share"),
        [
            (Activation("sigmoid"), [0.005, 0.5, 0.991, 0.98], 2 / 4),
            (Activation("tanh"), [-0.995, -0.98, 0.98, 0.999, 0.0], 2 / 5),
            (Activation("hard_tanh"), [-1.0, 0.0, 1.0, 0.98], 2 / 4),
            (Activation("softsign"), [-0.995, -0.98, 0.991, 0.0], 2 / 4),
            (Activation("sparse_sigmoid"), [0.0, 0.5, 1.0, 0.98], 2 / 4),
            (ReLU(max_value=6.0), [0.0, 5.93, 5.95, 6.0], 2 / 4),
            (Conv2D(1, 3, activation="relu6"), [0.0, 0.0, 6.0, 5.0], 1 / 4),
            (Conv2D(1, 3, activation="relu"), [0.0, 99.0], None),
        ],
    )
    def test_saturation(self, layer, values, share):
        output = np.array(values, np.float32).reshape(-1, 1, 1)
        assert MapStats.of(output, limits_of(layer)).saturation == share

    def test_the_mean_of_many_is_exact(self):
        values = np.full((2000, 1000, 1), 0.1, np.float32)
        assert MapStats.of(values).mean[0] == pytest.approx(float(np.float32(0.1)), rel=1e-9)


class TestRows:
    def test_keys_and_plain_data(self):
        values = RNG.normal(size=(6, 8, 70)).astype(np.float32)
        (row,) = made(values).to_dicts()
        assert list(row) == [
            *("image", "layer", "type", "shape", "min", "max", "mean"),
            *("count", "dead", "constant", "zeros", "saturated", "strongest"),
        ]
        assert (row["image"], row["layer"], row["shape"]) == ("photo.png", "x", [6, 8, 70])
        assert row["min"] == float(values.min())
        order = sorted(range(70), key=lambda k: -values[..., k].max())
        assert row["strongest"]["max"] == order[:5]
        assert type(row["dead"]) is int

    def test_pages_and_orders(self):
        values = RNG.normal(size=(6, 8, 150)).astype(np.float32)
        (layer,) = made(values).layers
        assert len(layer.shown) == 64
        assert (layer.shown[0], layer.shown[-1]) == (0, 149)
        assert layer.page_words() == "64 of 150 maps shown, evenly sampled"
        (layer,) = made(values, page=3).layers
        assert layer.shown == tuple(range(128, 150))
        assert layer.page_words() == "page 3 of 3 of 150 maps"
        (layer,) = made(values, sort="mean").layers
        means = [values[..., k].mean(dtype=float) for k in range(150)]
        assert list(layer.shown) == sorted(range(150), key=lambda k: -means[k])[:64]

    def test_a_page_that_no_layer_has(self):
        net = load_model("vgg16").graph
        check_page(net, ["conv1_1", "conv2_1", "fc6"], 2)  # of 128 maps; fc6 has none
        with pytest.raises(SpecError, match="page 3 of 2"):
            check_page(net, ["conv1_1", "conv2_1", "fc6"], 3)

    def test_layers_that_change_nothing_are_left_out(self):
        values = RNG.normal(size=(6, 8, 3)).astype(np.float32)
        net = graph({"drop": Dropout(0.5), "pool": MaxPooling2D(2), "flat": ReLU()})
        trace = {
            "input": values,
            "drop": values,
            "pool": values[::2, ::2],
            "flat": values[::2, ::2],
        }
        rows = [{"name": name} for name in trace]
        seen = Seen("p", "net", values)
        found = features(net, rows, trace, ("drop", "pool", "flat"), seen=seen)
        assert [layer.name for layer in found.layers] == ["pool"]
        assert found.layers[0].number == 2
        assert found.unchanged == ("drop", "flat")
        kept = features(net, rows, trace, ("drop",), seen=seen, leave_out=False)
        assert [layer.name for layer in kept.layers] == ["drop"]
        with pytest.raises(SpecError, match="no layer"):
            features(net, rows, trace, ("drop",), seen=seen)


class TestChoose:
    @pytest.mark.parametrize(
        ("patterns", "found"),
        [
            ((), NAMES),
            (("a",), ("a",)),
            (("a*",), ("a", "a/b")),
            (("*b",), ("a/b", "b")),
            (("b/[x]",), ("b/[x]",)),  # exact before a glob, which would mean b/x
            (("b/[xy]",), ("b/x",)),
            (("c*",), ("c*",)),
            (("b/x", "a"), ("a", "b/x")),
            (("?",), ("a", "b")),
        ],
    )
    def test_exact_then_glob_in_the_order_of_the_graph(self, patterns, found):
        assert choose(graph(), patterns) == found

    @pytest.mark.parametrize("pattern", ["d", "A", "", "b/y?", "x" * 5000])
    def test_unknown(self, pattern):
        with pytest.raises(SpecError, match="unknown layer"):
            choose(graph(), ["a", pattern])

    def test_what_a_name_begins_with_is_a_pattern_less_a_star(self):
        with pytest.raises(SpecError) as error:
            choose(load_model("vgg16").graph, ["pool"])
        assert error.value.hint == 'did you mean "pool*"?'

    def test_the_nearest_are_named(self):
        net = load_model("vgg16").graph
        with pytest.raises(SpecError) as error:
            choose(net, ["conv1_3"])
        assert "conv5_3" in str(error.value)
        assert "\n" not in str(error.value)
