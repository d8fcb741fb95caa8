"""Signals by name, as numbers and from files; shapes are those of scipy.signal.windows."""

from __future__ import annotations

import io
import wave
from contextlib import suppress

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import wavfile
from scipy.signal import chirp, square, windows

import cnnviz
from cnnviz import CnnvizError, InputError, SpecError
from cnnviz.signals import entries, resolve, signal_names, write_wav


def same(actual, expected, atol=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=atol)


class TestNamed:
    @pytest.mark.parametrize("n", [1, 2, 5, 8, 64])
    def test_pulses(self, n):
        same(cnnviz.signal(f"box:{n}"), windows.boxcar(n))
        same(cnnviz.signal(f"average:{n}"), np.ones(n) / n)
        bell = windows.gaussian(n, 2.5)
        same(cnnviz.signal(f"gaussian:{n},2.5"), bell / bell.sum())
        boxes = np.convolve(np.ones((n + 1) // 2), np.ones(n // 2 + 1))  # make a triangle
        same(cnnviz.signal(f"triangle:{n}"), boxes / boxes.max())
        tau = -1 / np.log(0.7)
        same(
            cnnviz.signal(f"exponential:{n},0.7"),
            windows.exponential(n, center=0, tau=tau, sym=False),
        )

    def test_gaussian_is_that_of_the_kernels(self):
        for size in (3, 9, 15):
            rows = cnnviz.kernel(f"gaussian:{size}")
            same(cnnviz.signal(f"gaussian:{size}"), rows.sum(axis=0))

    def test_waves(self):
        t = np.arange(200) / 200
        same(cnnviz.signal("sine:200,3,90"), np.cos(2 * np.pi * 3 * t))
        inside = np.arange(200) % 25 != 0  # at a jump rounding decides
        same(cnnviz.signal("square:200,4")[inside], square(2 * np.pi * 4 * t)[inside])
        n = np.arange(300)
        same(cnnviz.signal("chirp:300,0.1,0.3"), chirp(n, 0.1, 300, 0.3, phi=-90), atol=1e-9)

    def test_places(self):
        assert cnnviz.signal("impulse:4,2").tolist() == [0, 0, 1, 0]
        assert cnnviz.signal("step:5").tolist() == [0, 0, 1, 1, 1]
        assert cnnviz.signal("step:5,4").tolist() == [0, 0, 0, 0, 1]

    def test_noise_is_the_same_for_a_seed(self):
        one, two = cnnviz.signal("noise:2,20000,7"), cnnviz.signal("noise:2,20000,7")
        assert np.array_equal(one, two)
        assert abs(one.std() - 2) < 0.05
        assert abs(one.mean()) < 0.05
        assert not np.array_equal(one, cnnviz.signal("noise:2,20000,8"))
        assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.05

    def test_every_one_has_its_default_length_and_takes_another(self):
        assert len(set(signal_names())) == len(signal_names()) >= 10
        for entry in entries():
            assert len(entry.values()) == entry.usual()
            assert np.isfinite(entry.of_length(None, 50)).all()
            assert len(entry.of_length(None, 3)) == 3


class TestSums:
    def test_what_has_no_length_takes_that_of_the_others(self):
        found = resolve("0.5*sine:64,2 + noise:0.2+1/4*box")
        clean = 0.5 * cnnviz.signal("sine:64,2") + 0.25
        same(found.clean, clean)
        same(found.values, clean + cnnviz.signal("noise:0.2,64"))
        assert len(resolve("sine+box")) == 128
        assert len(resolve("noise:1e+2+box:9")) == 9

    def test_without_noise_or_with_nothing_else_nothing_is_clean(self):
        assert resolve("sine+box").clean is None
        assert resolve("noise:0.2").clean is None


class TestGrammar:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("1 0 -1", [1, 0, -1]),
            ("1,0;-1;", [1, 0, -1]),
            ("1/4, 1 / 2 ,+1/4", [0.25, 0.5, 0.25]),
            ("1e-2 .5 -2. 3e1", [0.01, 0.5, -2, 30]),
            (" 7 ", [7]),
        ],
    )
    def test_numbers(self, text, values):
        assert resolve(text).values.tolist() == values

    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(st.lists(st.floats(-3e38, 3e38), min_size=1), st.sampled_from([" ", ",", ", ", ";"]))
    def test_numbers_come_back(self, values, comma):
        assert resolve(comma.join(map(repr, values))).values.tolist() == values

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the signal is empty"),
            ("trangle", "no signal or file named 'trangle'; nearest: triangle"),
            ("sine+nois:0.2", "no signal or file named 'nois'; nearest: noise"),
            ("qqq", "known: noise, "),
            ("box:0", "length '0' is not a whole number from 1 to 100000; write box[:LENGTH]"),
            ("box:", "length '' is not"),
            ("box:1_0", "length '1_0' is not"),
            ("gaussian:9,2,3", "signal 'gaussian' takes at most 2 parameters"),
            ("gaussian:9,nan", "sigma 'nan' is not"),
            ("sine:64+box:5", "differ in length (5, 64)"),
            ("impulse:8,9", "at 9 is behind the last of 8 values, 7"),
            ("noise:-1", "deviation '-1' is not"),
            ("1/0*box", "the factor of box, is not a number"),
            ("1 --2", "number 1 of the signal: '--2' is not a number"),
            ("1,,2", "number 1 of the signal: '' is not a number"),
            ("1/0", "'1/0' is not a number"),
        ],
    )
    def test_faults(self, text, message):
        with pytest.raises(SpecError) as caught:
            resolve(text)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(st.text(alphabet="boxsine+*:,.0129/- ;e'\u0661\x1b\n", max_size=14))
    def test_any_text_is_a_signal_or_an_error(self, text):
        with suppress(CnnvizError):
            assert np.isfinite(resolve(text).values).all()

    def test_what_is_not_finite(self):
        with pytest.raises(InputError, match="1 of 2 values is NaN or infinite"):
            resolve("1e999 2")
        with pytest.raises(InputError, match="beyond"):
            resolve("1e39 2")

    def test_average(self):
        assert resolve("1 3").averaging().values.tolist() == [0.25, 0.75]
        with pytest.raises(SpecError, match="the sum of 1 -1 is 0"):
            resolve("1 -1").averaging()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sound(path, width, frames, channels=1):
    """Write a WAV with the standard library's module."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(frames)


class TestFiles:
    def test_tables_and_arrays(self, here):
        (here / "a.csv").write_text("1\n2\n4\n")
        (here / "b.txt").write_text("1 2 4\n")
        np.save(here / "c.npy", np.array([1, 2, 4], np.int16))
        (here / "t.csv").write_text("1,2,4\n5,6,7\n")
        for name in ("a.csv", "b.txt", "c.npy", "file:a.csv"):
            assert resolve(name).values.tolist() == [1, 2, 4]
        assert resolve("t.csv", row=1).values.tolist() == [5, 6, 7]
        found = resolve("t.csv", column=2)
        assert (found.values.tolist(), found.name) == ([4, 7], "t.csv column 2")

    def test_a_name_beats_a_file_of_that_name(self, here):
        (here / "box").write_text("1 2\n")
        assert len(resolve("box")) == 5
        assert resolve("./box").values.tolist() == [1, 2]

    def test_a_row_of_an_image(self):
        path = SAMPLES / "cat.png"
        with Image.open(path) as photo:
            pixels = np.asarray(photo.convert("RGB"), dtype=np.float64)
        gray = pixels @ [0.299, 0.587, 0.114]
        np.testing.assert_allclose(resolve(str(path), row=7).values, gray[7], atol=1e-3)
        np.testing.assert_allclose(resolve(str(path), column=9).values, gray[:, 9], atol=1e-3)
        middle = resolve(str(path))
        assert middle.values.tolist() == resolve(str(path), row=len(gray) // 2).values.tolist()
        assert "the middle one" in middle.notes[-1]

    @pytest.mark.parametrize(
        ("width", "dtype", "steps"),
        [(1, np.uint8, 128), (2, "<i2", 2**15), (4, "<i4", 2**31)],
    )
    def test_sounds_are_on_the_scale_to_1(self, here, width, dtype, steps):
        parts = np.array([0, 0.5, -1])
        stored = (parts * steps + (128 if width == 1 else 0)).astype(dtype)
        sound(here / "a.wav", width, stored.tobytes())
        found = resolve("a.wav")
        assert found.values.tolist() == parts.tolist()
        assert found.rate == 8000

    def test_24_bits(self, here):
        data = b"".join(int(v).to_bytes(3, "little", signed=True) for v in (0, 2**22, -(2**23)))
        sound(here / "a.wav", 3, data)
        assert resolve("a.wav").values.tolist() == [0, 0.5, -1]

    def test_channels_and_parts(self, here):
        stereo = np.array([[0, 2**14], [2**13, 0], [0, 0], [2**14, 2**14]], "<i2")
        sound(here / "s.wav", 2, stereo.tobytes(), channels=2)
        assert resolve("s.wav").values.tolist() == [0.25, 0.125, 0, 0.5]
        assert resolve("s.wav", channel=1).values.tolist() == [0.5, 0, 0, 0.5]
        found = resolve("s.wav", part=((1, False), (2, False)))
        assert (found.values.tolist(), found.start) == ([0.125, 0], 1)
        seconds = ((2 / 8000, True), (1 / 8000, True))
        assert resolve("s.wav", part=seconds).values.tolist() == [0]
        with pytest.raises(SpecError, match="no channel 2; they are 0 to 1"):
            resolve("s.wav", channel=2)
        with pytest.raises(SpecError, match="are not in"):
            resolve("s.wav", part=((3, False), (2, False)))
        with pytest.raises(SpecError, match="no sample rate"):
            resolve("box", part=seconds)

    def test_a_sound_is_written(self):
        rate, data = wavfile.read(io.BytesIO(write_wav(np.array([0.5, -3]), 8000)))
        assert (rate, data.dtype, data.tolist()) == (8000, np.float32, [0.5, -3])

    def test_damaged_sounds(self, here):
        sound(here / "a.wav", 2, np.arange(500, dtype="<i2").tobytes())
        data = (here / "a.wav").read_bytes()
        rng = np.random.default_rng(0)
        for size in (13, 20, 30, 44, 45, 500):
            (here / "b.wav").write_bytes(data[:size])
            with pytest.raises(InputError, match=r"^b\.wav: "):
                resolve("b.wav")
        for _ in range(200):
            damaged = bytearray(data)
            for place in rng.integers(12, 60, 4):
                damaged[place] = rng.integers(256)
            (here / "b.wav").write_bytes(damaged)
            with suppress(CnnvizError):
                assert resolve("b.wav").rate > 0

    @pytest.mark.parametrize(
        ("name", "where", "kind", "message"),
        [
            ("none.wav", {}, InputError, "no file 'none.wav'"),
            ("file:none", {}, InputError, "no file 'none'"),
            (".", {}, InputError, "is a folder"),
            ("t.csv", {}, SpecError, "has 2 rows and 3 columns; choose one with --column N"),
            ("t.csv", {"column": 3}, SpecError, "no column 3; they are 0 to 2"),
            ("t.csv", {"row": 0, "column": 0}, SpecError, "--row and --column"),
            ("t.csv", {"channel": 0}, SpecError, "--channel is for a sound"),
            ("v.npy", {"row": 0}, SpecError, "has one axis"),
            ("box", {"row": 0}, SpecError, "--row is for a file"),
            ("nan.csv", {}, InputError, "1 of 3 values is NaN"),
            ("deep.npy", {}, InputError, "3x3x3 is no signal"),
            ("text.md", {}, CnnvizError, "text.md"),
            ("empty.csv", {}, InputError, "empty"),
        ],
    )
    def test_faults(self, here, name, where, kind, message):
        (here / "t.csv").write_text("1,2,4\n5,6,7\n")
        (here / "nan.csv").write_text("1\nnan\n3\n")
        (here / "text.md").write_text("# words\nand words\n")
        (here / "empty.csv").write_text("")
        np.save(here / "v.npy", np.zeros(4))
        np.save(here / "deep.npy", np.zeros((3, 3, 3)))
        with pytest.raises(kind) as caught:
            resolve(name, **where)
        assert message in str(caught.value)
