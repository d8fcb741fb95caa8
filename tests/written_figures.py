"""Every kind of figure that the project writes, small, with names that try to be something else.

A new figure is a line here: the name in its report's `figure` (and, after a colon, which case of
it), and the words of a command that writes it, or a function that makes its result. The words take
`-o FILE.svg` at their end; {photo} is a photo, {matrix} a table of numbers, {net} a small network,
{weights} weights that fit it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from hostile_names import NAMES
from PIL import Image
from runs import RUNS, run

from cnnviz.render import Look, render
from cnnviz.report.result import Result

COMMANDS = {
    "maps": "convolve {photo} --kernel edge --kernel sobel-x --padding same",
    "maps:overlay": "convolve {photo} --kernel sobel-x --overlay --peaks 3",
    "maps:pool": "pool {photo} --type max --type average",
    "maps:winners": "pool {matrix} --winners --theme dark",
    "each": "convolve {photo} --kernel sobel-y --channels each",
    "kernels": "kernels sobel-x 'gaussian:5,1' '1 2; 3 -4'",
    "filters": "kernels {weights}:conv",
    "channels": "channels {photo} --patch 4",
    "channels:locality": "channels {photo} --locality --theme dark",
    "cost": "shapes --model {net}",
    "comparison": "shapes --model {net} --compare lenet5",
    "features": "features {photo} --model {net} --weights random --layer conv",
    "features_index": "features {photo} --model {net} --weights random",
    "prediction": "predict {photo} --model {net} --weights {weights}",
    "explanation": "explain {photo} --kernel edge --at 0,0 --at 3,4 --padding same",
    "explanation:layer": "explain {photo} --model {net} --weights random --layer conv",
    "explanation:pool": "explain {matrix} --pool max --theme dark",
    "explanation_tiles": "explain {matrix} --kernel '1 0 1; 0 1 0; 1 0 1' --tiles",
    "sliding": "animate {matrix} --kernel '1 0 1; 0 1 0; 1 0 1'",
    "sliding:layer": "animate {photo} --model {net} --weights random --layer conv --theme dark",
    "stamping": "animate {matrix} --model 'Conv2DTranspose(2, 3, 2)' --layer 't*' --input 6x6x1",
    "receptive": "receptive-field {photo} --model {net} --layer conv --layer dense --at 3,4",
    "receptive:heat": "receptive-field {photo} --model lenet5 --layer c3 --effective --theme dark",
    "signal": "signal sine+noise:0.2 gaussian:9",
    "signal:row": "signal {photo} gaussian --row 3 --theme dark",
    "signal_spectrum": "signal sine+noise:0.2 gaussian:9 --spectrum",
    "architecture": "draw --model {net}",
    "architecture:branches": "draw --model googlenet --theme dark",
}


def _confusion() -> Result:
    from cnnviz.report.confusion import confusion

    matrix = np.arange(16).reshape(4, 4)
    return confusion(matrix, labels=NAMES[:4], model=NAMES[4], data=NAMES[5])


def _mistakes() -> Result:
    from types import SimpleNamespace

    from cnnviz.report.mistakes import mistakes

    found = [
        SimpleNamespace(number=i, label=0, predicted=1, loss=0.5, confidence=0.9) for i in range(3)
    ]
    pictures = [np.full((8, 8, 1), 80 * i, np.uint8) for i in range(3)]
    how = {"wrong": 3, "count": 9, "model": NAMES[6], "data": NAMES[7]}
    return mistakes(found, pictures, labels=NAMES[:2], **how)


def _curves() -> Result:
    from cnnviz.report.training_curves import curves

    return curves(RUNS["usual"], model=NAMES[8], data=NAMES[9], classes=10)


def _sweep() -> Result:
    from cnnviz.report.sweep import sweep, trial

    trials = [
        trial(str(n), params=n, macs=9 * n, columns=run(3, 6, seed=n), seconds=n) for n in (4, 8)
    ]
    return sweep(NAMES[10], trials, model=NAMES[11], data=NAMES[12], examples=100)


def _forming() -> Result:
    from cnnviz.report.forming import Snapshot, forming

    kernels = np.random.default_rng(0).normal(size=(3, 3, 3, 1, 4)).astype(np.float32)
    frames = [Snapshot(i, 1, 1.0, 0.5, kernel) for i, kernel in enumerate(kernels)]
    return forming(frames, input_shape=None, model=NAMES[13], layer=NAMES[14], data=NAMES[15])


def _before_after() -> Result:
    from cnnviz import conv2d
    from cnnviz.report.before_after import Side, before_after
    from cnnviz.report.layer_features import Seen

    rng = np.random.default_rng(1)
    image = rng.normal(size=(20, 30, 1)).astype(np.float32)
    kernels = rng.normal(size=(2, 3, 3, 1, 4)).astype(np.float32)
    before, after = (Side(k, conv2d(image, k), 10 * i) for i, k in enumerate(kernels))
    seen = Seen(NAMES[16], NAMES[17], image)
    return before_after(seen, before, after, layer=NAMES[18], data=NAMES[19])


RESULTS: dict[str, Callable[[], Result]] = {
    "confusion": _confusion,
    "mistakes": _mistakes,
    "training_curves": _curves,
    "sweep": _sweep,
    "forming": _forming,
    "before_after": _before_after,
}


def inputs(folder: Path) -> dict[str, str]:
    """Write what the commands read, named and filled to do harm; return the names by kind."""
    rng = np.random.default_rng(0)
    photo, matrix = f"{NAMES[2]}]]>\x1b[2J\u202e.png", f"{NAMES[3]} & '\x07.csv"
    smooth = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    smooth.resize((30, 24), Image.Resampling.BICUBIC).save(folder / photo)
    np.savetxt(folder / matrix, rng.integers(-5, 9, (6, 6)), fmt="%d", delimiter=",")
    names = [NAMES[0], NAMES[12], *NAMES[-10:], "합성곱 층"]
    layers = [
        {"type": "Conv2D", "name": "conv", "filters": 4, "kernel_size": 3, "activation": "relu"},
        *({"type": "ReLU", "name": name} for name in names),
        {"type": "MaxPooling2D", "name": NAMES[3]},
        {"type": "Flatten", "name": NAMES[8]},
        {"type": "Dense", "name": "dense", "units": 3},
    ]
    net = {"name": NAMES[1], "input_shape": [24, 30, 3], "labels": NAMES[:3], "layers": layers}
    (folder / "net.json").write_text(json.dumps(net))
    shapes = {"conv.kernel": (3, 3, 3, 4), "conv.bias": (4,)}
    shapes |= {"dense.kernel": (11 * 14 * 4, 3), "dense.bias": (3,)}
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(folder / "weights.npz", **arrays)
    return {"photo": photo, "matrix": matrix, "net": "net.json", "weights": "weights.npz"}


def write(folder: Path, call: Callable[[list[str]], int]) -> Iterator[tuple[str, Path, Path]]:
    """Write every figure as SVG and PNG into the working folder, commands by `call`."""
    names = inputs(folder)
    for at, (kind, line) in enumerate(COMMANDS.items()):
        pair = folder / f"{at}.svg", folder / f"{at}.png"
        words = [word.format(**names) for word in shlex.split(line)]
        code = call([*words, "-q", "-o", pair[0].name, "-o", pair[1].name])
        assert code == 0, (kind, code)
        yield kind, *pair
    for kind, make in RESULTS.items():
        pair = folder / f"{kind}.svg", folder / f"{kind}.png"
        for path in pair:
            path.write_bytes(render(make(), path.suffix[1:], Look()))
        yield kind, *pair
