"""What docs/tour.md says in figures, said again with figures that are computed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import prod
from typing import Any

import numpy as np
from scipy.signal import convolve2d, correlate2d

import cnnviz
from cnnviz import trained

SAMPLES = "sample_images"
# Its name, and the node whose receptive field the table gives: the last whose maps have a place.
NETWORKS = {
    "lenet5": ("LeNet-5", "s4"),
    "alexnet": ("AlexNet", "pool5"),
    "vgg16": ("VGG-16", "pool5"),
    "googlenet": ("GoogLeNet", "inception_5b/output"),
    "resnet50": ("ResNet-50", "conv5_3/relu"),
}


@cache
def shapes(model: str) -> dict[str, Any]:
    return cnnviz.load_model(model).shapes().to_dict()


def row(model: str, name: str) -> dict[str, Any]:
    (found,) = (layer for layer in shapes(model)["layers"] if layer["name"] == name)
    return found


def total(model: str, key: str = "params") -> int:
    return shapes(model)["totals"][key]


def kind(model: str, name: str) -> dict[str, Any]:
    """Return the sums over the layers of a type."""
    (found,) = (sums for sums in shapes(model)["totals"]["by_type"] if sums["type"] == name)
    return found


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def table() -> list[str]:
    """Return the rows of the table of networks."""
    rows = []
    for model, (name, last) in NETWORKS.items():
        dense, conv = kind(model, "Dense"), kind(model, "Conv2D")
        field, side = row(model, last)["receptive_field"]["size"], shapes(model)["input_shape"]
        cells = (
            name, f"{total(model):,}", percent(dense["params_share"]), f"{total(model, 'macs'):,}",
            percent(conv["macs_share"]), f"{field[0]} / {side[0]}",
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def claims() -> Iterator[str]:
    """Yield each passage of the tour that holds figures, in its order."""
    yield from images()
    yield from filters()
    yield from fields()
    yield from layers()
    yield from networks()
    yield from table()


def images() -> Iterator[str]:
    height, width, depth = cnnviz.read_image(f"{SAMPLES}/digit.png").shape
    yield f"here {height} × {width} = {height * width} of them, 0 for black and 255 for white"
    yield f"(height, width, channels), here ({height}, {width}, {depth})"
    yield f"60 × 120 × 3 = {60 * 120 * 3:,} numbers"
    pixel = np.array([186.0, 45.0, 16.0])
    mean, luma, hdtv = (pixel @ np.array(w) for w in ([1 / 3] * 3, LUMA_601, LUMA_709))
    yield "weighs them {}, {} and {}".format(*LUMA_601)
    yield "R {:.0f}, G {:.0f}, B {:.0f}".format(*pixel)
    light = encoded(linear(pixel) @ np.array(LUMA_709))
    yield f"the mean is {mean:.1f}, Rec. 601 gives {luma:.1f}, Rec. 709 gives {hdtv:.1f}, "
    yield f"and a weighted mean of the light itself {light:.1f}"


LUMA_601, LUMA_709 = (0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722)


def linear(values: np.ndarray) -> np.ndarray:
    """Return the light of sRGB values of 0-255, as IEC 61966-2-1 has it."""
    x = values / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def encoded(light: float) -> float:
    return 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def filters() -> Iterator[str]:
    matrix = np.loadtxt(f"{SAMPLES}/matrix5x5.csv", delimiter=",")
    kernel = np.arange(1, 10).reshape(3, 3)
    terms = [int(term) for term in (matrix[1:4, 2:5] * kernel).ravel() if term]
    value = correlate2d(matrix, kernel, "valid")[1, 2]
    yield f"{' + '.join(map(str, terms))} = {value:.0f}, the value at row 1, column 2"
    yield "a 3×3 kernel fits into a 5×5 image at (5 − 3)/1 + 1 = 3 places"
    turned = convolve2d(matrix, kernel, "valid")[1, 2]
    yield "turns the kernel by 180 degrees first"
    yield f"With `--flip` the value above is {turned:.0f}"
    y = np.convolve([1, 3, 2, 0, 1], [4, 2, 1])
    yield f"At n = 2 that is 1·1 + 3·2 + 2·4 = {y[2]}"
    yield f"5 and 3 values make 5 + 3 − 1 = {len(y)}"
    brick = cnnviz.read_image(f"{SAMPLES}/brick.png")[..., 0].astype(float)
    edges = correlate2d(brick, [[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "valid")
    upper, lower = edges[63, 64], edges[217, 215]
    yield f"it answers {upper:.0f}; on the lower edge of another joint −{-lower:.0f}"


def fields() -> Iterator[str]:
    """Yield what is said of receptive fields, and of maxima of a digit that moves."""
    spec = "Conv2D(6, 3, padding='same') MaxPool2D(2)" + (
        " Conv2D(16, 3, padding='same') MaxPool2D(2) Conv2D(16, 3, padding='same')"
    )
    rows = cnnviz.load_model(spec, input_shape=(28, 28, 1)).shapes().to_dict()["layers"]
    sides = [row["receptive_field"]["size"][0] for row in rows]
    seen = [percent(side**2 / 28**2) for side in sides]
    yield f"sees {sides[0]}×{sides[0]} pixels, {seen[0]} of this one"
    yield f"sees {sides[2]}×{sides[2]} pixels ({seen[2]}); after another one "
    yield f"{sides[4]}×{sides[4]} ({seen[4]})"
    yield ", ".join(map(str, sides))
    yield "goes on to {} of {}".format(
        row("vgg16", "pool5")["receptive_field"]["size"][0], shapes("vgg16")["input_shape"][0]
    )
    digit = cnnviz.read_image(f"{SAMPLES}/digit.png")[..., 0]
    still, by_one, by_two = (maxima(np.roll(digit, step, axis=1)) for step in range(3))
    assert (np.roll(still, 1, axis=1) == by_two).all()
    yield f"and {(still != by_one).sum()} of the {still.size} values of a 2×2 max pooling change"


def alone(spec: str, shape: tuple[int, ...]) -> int:
    """Return the parameters of a layer by itself."""
    return cnnviz.load_model(spec, input_shape=shape).shapes().to_dict()["totals"]["params"]


def maxima(image: np.ndarray) -> np.ndarray:
    return image.reshape(14, 2, 14, 2).max(axis=(1, 3))


def layers() -> Iterator[str]:
    lenet = "lenet5"
    yield "from 28×28×1 to {}×{}×{}".format(*row(lenet, "s4")["output_shape"])
    yield f"Those {prod(row(lenet, 's4')['output_shape'])} numbers"
    conv = kind(lenet, "Conv2D")
    yield f"LeNet-5 has {total(lenet):,} parameters"
    params, macs = percent(conv["params_share"]), percent(conv["macs_share"])
    yield f"hold {params} of them, and do {macs} of the "
    yield f"{total(lenet, 'macs'):,} multiply-adds"
    maps, units = row(lenet, "s4"), [row(lenet, name) for name in ("c5", "f6", "output")]
    sizes = [prod(maps["output_shape"]), *(unit["output_shape"][0] for unit in units)]
    yield "its {2} maps of {0}×{1} out".format(*maps["output_shape"])
    yield "a row of {} values and goes to {}, {} and {} units".format(*sizes)
    yield f"400·120 + 120 = {units[0]['params']:,} parameters, {percent(units[0]['params_share'])}"
    yield f"784 pixels of the digit to as many outputs it would be 784·784 + 784 = {784 * 785:,}"
    dense, conv, local = (
        alone(spec, (4, 1))
        for spec in ("Flatten() Dense(2)", "Conv1D(1, 3)", "LocallyConnected1D(1, 3)")
    )
    yield f"4·2 weights and 2 biases make {dense} parameters"
    yield f"3 weights and 1 bias, {conv} parameters"
    assert local == 6 + 2
    yield "which makes 6 weights and 2 biases"
    many = alone("Dense(998)", (1000,))
    yield f"1,000 inputs to 998 outputs the dense layer would have 998·1,000 + 998 = {many:,}"
    wide = row("vgg16", "fc6")["params"]
    assert wide == 7 * 7 * 512 * 4096 + 4096
    yield f"a 7×7 convolution with 4,096 filters, of the same {wide:,} numbers"
    size = [118, 178]
    assert correlate2d(np.zeros((120, 180)), np.zeros((3, 3)), "valid").shape == tuple(size)
    yield "118×178 become {}×{}".format(*(n // 2 for n in size))
    yield f"3·3·3·64 + 64 = {row('vgg16', 'conv1_1')['params']:,} parameters"
    unpooled = prod(row("vgg16", "conv5_3")["output_shape"]) * 4096 + 4096
    yield f"fc6 would have {unpooled:,} parameters and not {row('vgg16', 'fc6')['params']:,}"
    yield "maps of 88×238 and 86×236 values"
    weights = cnnviz.load_model("cifar-net").weights["conv1"]["kernel"]
    yield "these {3} kernels of {0}×{1}×{2}".format(*weights.shape)
    yield f"the {weights.size:,} weights"
    yield f"{percent(trained.origin('cifar-net').accuracy)} of CIFAR-10's test images"


def networks() -> Iterator[str]:
    dense, conv = kind("alexnet", "Dense"), kind("alexnet", "Conv2D")
    yield f'(2012) has {total("alexnet"):,} parameters, the "60 million" of its paper'
    yield f"needs {total('alexnet', 'macs'):,} MACs"
    yield f"hold {percent(dense['params_share'])} of the parameters, the convolutions do "
    yield f"{percent(conv['macs_share'])} of the work"
    yield '"AlexNet takes 224×224 images."'  # as the paper has it
    yield f"(224 − 11)/4 + 1 = {(224 - 11) / 4 + 1} is no number of places"
    yield f"55×55 maps need {(55 - 1) * 4 + 11}×{(55 - 1) * 4 + 11}"
    yield f"the {total('alexnet-ungrouped'):,} parameters that are often given"
    yield f"with {2 * 9} weights in place of {5 * 5}, and {3 * 9} in place of {7 * 7}"
    yield f"{total('vgg16'):,} parameters and {total('vgg16', 'macs'):,} MACs"
    yield f"fc6, holds {percent(row('vgg16', 'fc6')['params_share'])} of the parameters"
    yield "7·7·512 = {:,} values its own weight to each of {:,} units".format(
        prod(row("vgg16", "pool5")["output_shape"]), *row("vgg16", "fc6")["output_shape"]
    )
    branch = [row("googlenet", f"inception_3a/5x5{end}")["params"] for end in ("_reduce", "")]
    yield f"has {sum(branch):,} parameters, and would have {5 * 5 * 192 * 32 + 32:,}"
    yield f"takes 1,024 numbers rather than 7·7·1,024 = {7 * 7 * 1024:,}"
    dense = kind("googlenet", "Dense")
    yield f"GoogLeNet's {total('googlenet'):,} parameters the dense layer has {dense['params']:,}, "
    yield f"which is {percent(dense['params_share'])}; "
    yield f"of ResNet-50's {percent(kind('resnet50', 'Dense')['params_share'])}"
    yield f"it is {total('alexnet') / total('googlenet'):.1f} times"
    busy = row("vgg16", "conv1_2")
    yield f"conv1_2 has {busy['params']:,} parameters and does {busy['macs']:,} MACs"
    yield f"at 224·224 = {224 * 224:,} places"
