"""Figures of two signals: nothing overlaps, long ones keep their extremes, the GIF ends whole."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from scenes import assert_texts_fit

from cnnviz.render import Look, animate, render
from cnnviz.render.backends.png import draw as drawn
from cnnviz.render.figures import signal as figure
from cnnviz.render.figures import signal_parts as parts
from cnnviz.render.figures import signal_spectrum
from cnnviz.render.figures.signal_shift import Scales, products_at
from cnnviz.render.scene import Path, Text
from cnnviz.report.signal import slide
from cnnviz.report.signal_spectrum import spectra
from cnnviz.signals import Signal, resolve

NOISE = np.random.default_rng(0).normal(size=300_000)
LONG = Signal("a sound with a very long name that has to be cut somewhere.wav", NOISE, rate=44100)
PAIRS = [
    ("box", "triangle", {}),
    ("1", "1", {}),
    ("0 0", "0", {}),
    ("1 -1", "-3 0.25 1e-9", {"correlate": True}),
    ("sine+noise:0.2", "gaussian:9", {}),
    ("sine:10000,7", "exponential", {"strides": 3}),
    ("step", "1 0 -1", {"padding": "same", "dilation_rate": 2}),
    ("impulse:20,9", "sine:40,2", {}),
    ("3 1 4 1 5 9 2 6", "average:3", {"padding": "valid", "at": (0, 2, 5)}),
    ("1e30 2e30", "1e-30 1", {}),
]


def texts(scene) -> list[str]:
    return [item.text for item in scene.items if isinstance(item, Text)]


@pytest.mark.parametrize(("x", "h", "settings"), PAIRS, ids=lambda value: str(value)[:20])
def test_texts_fit(x, h, settings):
    found = slide(resolve(x), resolve(h), **settings)
    scene = figure.draw(found, Look())
    assert_texts_fit(scene)
    for n in found.places():
        assert any(text.startswith(f"y[{n}] = ") or n > 999 for text in texts(scene))
    frames = [one for one, _ in figure.scenes(found, Look(theme="dark"))]
    for one in (frames[0], frames[1], frames[len(frames) // 2], frames[-1]):
        assert_texts_fit(one)
        assert (one.width, one.height) == (frames[0].width, frames[0].height)
    if found.padding == "full" and found.axis.stride == 1:
        assert_texts_fit(signal_spectrum.draw(spectra(found), Look()))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_long_sound(theme):
    found = slide(LONG, resolve("average:64"))
    scene = figure.draw(found, Look(theme=theme))
    assert_texts_fit(scene)
    assert sum(len(item.points) for item in scene.items if isinstance(item, Path)) < 20_000
    assert_texts_fit(signal_spectrum.draw(spectra(found), Look(theme=theme)))


def test_orientation_and_formula_are_said():
    both = [slide(resolve("box"), resolve("triangle"), correlate=c) for c in (False, True)]
    flipped, plain = (" ".join(texts(figure.draw(one, Look()))) for one in both)
    assert "the kernel is FLIPPED" in flipped
    assert "x[n − i]" in flipped
    assert "flipped: h[−i]" in flipped
    assert "NOT flipped" in plain
    assert "x[n − 6 + i]" in plain
    assert "flipped: h[−i]" not in plain


def test_an_envelope_keeps_every_extreme():
    frame = parts.panel((0, 0, 300, 50), (0, len(NOISE) - 1), (-5, 5))
    xs, ys = parts.envelope(0, 1, NOISE, frame)
    assert len(xs) == 600
    assert (np.diff(xs) >= 0).all()
    for i in range(300):
        here = NOISE[i * 1000 : (i + 1) * 1000]
        assert sorted(ys[2 * i : 2 * i + 2]) == [here.min(), here.max()]


def test_scales_make_all_three_visible():
    found = slide(resolve("200 180 190"), resolve("0.001 0.002"))
    scales = Scales.of(found, range(4))
    assert scales.kernel * 0.002 == pytest.approx(200, rel=0.05)
    most = max(products_at(found, n)[1].max() for n in range(4))
    assert scales.product * most == pytest.approx(200, rel=0.05)
    assert scales.low == 0
    same = Scales.of(slide(resolve("box"), resolve("triangle")), range(3))
    assert (same.kernel, same.product, same.words()) == (1, 1, "")


def test_the_gif_shows_the_flip_then_every_shift_and_ends_with_all():
    found = slide(resolve("box"), resolve("exponential:4"))
    with Image.open(io.BytesIO(animate(found))) as gif:
        assert gif.n_frames == 2 + len(found.output)
        gif.seek(gif.n_frames - 1)
        last = np.asarray(gif.convert("RGB"), np.int16)
        assert gif.info["duration"] == 3000
    scene = [one for one, _ in figure.scenes(found, Look())][-1]
    whole = np.asarray(drawn(scene), np.int16)
    assert np.abs(whole - last).max() <= 40  # the palette's nearest
    assert f"y[{len(found.output) - 1}] = 0.125" in texts(scene)
    kernel_stages = [texts(one) for one, _ in figure.scenes(found, Look())][:2]
    assert figure.STAGES["as it is"] in kernel_stages[0]
    assert figure.STAGES["turned"] in kernel_stages[1]


def test_frames_are_bounded():
    found = slide(resolve("sine:5000"), resolve("gaussian:99"))
    assert sum(1 for _ in figure.scenes(found, Look())) == 2 + figure.MOST_FRAMES
    short = slide(resolve("box"), resolve("box"), correlate=True)
    assert sum(1 for _ in figure.scenes(short, Look())) == 1 + 9


def test_names_are_inert_in_svg():
    hostile = Signal("<script>alert(1)</script>\x1b[2J", np.arange(5.0))
    found = slide(hostile, resolve("box"))
    for result in (found, spectra(found)):
        root = ET.fromstring(render(result, "svg"))
        assert not root.findall(".//{*}script")


def test_the_share_that_is_left_is_marked():
    scene = signal_spectrum.draw(spectra(slide(resolve("sine"), resolve("gaussian:9"))), Look())
    assert "half at 0.112 cycles/sample" in texts(scene)
    wide = Signal("tone", np.sin(np.arange(5000)) + 1e-3 * NOISE[:5000])
    assert "logarithmic scale" in texts(
        signal_spectrum.draw(spectra(slide(wide, resolve("1 1"))), Look())
    )
