"""Two signals slid over each other: against NumPy, SciPy and a loop; spectra against NumPy's."""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz import RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.report.signal import slide
from cnnviz.report.signal_spectrum import spectra
from cnnviz.report.signal_words import formula, term_words
from cnnviz.signals import Signal, resolve

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=14)


def made(values) -> Signal:
    return Signal("x", np.array(values, dtype=np.float64))


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(VALUES, VALUES)
def test_full_and_valid_are_those_of_numpy(x, h):
    for padding in ("full", "valid"):
        if padding == "valid" and len(h) > len(x):
            continue
        found = slide(made(x), made(h), padding=padding)
        close(found.output, np.convolve(x, h, padding))
        found = slide(made(x), made(h), padding=padding, correlate=True)
        close(found.output, np.correlate(x, h, padding))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(VALUES, VALUES.filter(lambda h: len(h) % 2 == 1))
def test_same_is_that_of_scipy(x, h):
    x = (x * 14)[:14]  # as long as the kernel at least: SciPy's `same` is of the first anyway
    found = slide(made(x), made(h), padding="same")
    close(found.output, scipy.signal.convolve(x, h, mode="same", method="direct"))
    found = slide(made(x), made(h), padding="same", correlate=True)
    close(found.output, scipy.signal.correlate(x, h, mode="same", method="direct"))


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    VALUES,
    VALUES,
    st.sampled_from(["full", "same", "valid"]),
    st.integers(1, 4),
    st.integers(1, 3),
    st.booleans(),
)
def test_terms_add_up_to_the_output(x, h, padding, stride, dilation, correlate):
    if padding == "valid" and dilation * (len(h) - 1) + 1 > len(x):
        return
    found = slide(
        made(x),
        made(h),
        padding=padding,
        strides=stride,
        dilation_rate=dilation,
        correlate=correlate,
    )
    spread = np.zeros(dilation * (len(h) - 1) + 1)
    spread[::dilation] = h[::-1] if correlate else h
    whole = np.convolve(x, spread)
    for n in range(len(found.output)):
        terms = found.terms(n)
        assert all(t.x == x[t.m] and t.h == h[t.i] for t in terms)
        close(found.output[n], fsum(t.product for t in terms))
        # Where a window begins in the whole convolution is what the padding decides.
        close(found.output[n], whole[found.axis.start(n) + len(spread) - 1])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(VALUES, VALUES, st.integers(1, 3), st.booleans())
def test_the_formula_says_which_values_meet(x, h, dilation, correlate):
    found = slide(made(x), made(h), strides=2, dilation_rate=dilation, correlate=correlate)
    index = formula(found).partition("x[")[2].partition("]")[0]
    index = index.replace("2n", "2*n").replace(f"{dilation}i", f"{dilation}*i")
    for n in range(len(found.output)):
        for term in found.terms(n):
            assert eval(index, {"n": n, "i": term.i}) == term.m


@settings(deadline=None, derandomize=True, max_examples=60)
@given(VALUES, VALUES, st.integers(1, 3), st.booleans())
def test_spectra_multiply(x, h, dilation, correlate):
    found = spectra(slide(made(x), made(h), dilation_rate=dilation, correlate=correlate))
    spread = np.zeros(dilation * (len(h) - 1) + 1)
    spread[::dilation] = h
    of_x, of_h = (np.abs(np.fft.fft(v, found.size))[: found.size // 2 + 1] for v in (x, spread))
    top = max(1.0, float(of_x.max() * of_h.max()))
    np.testing.assert_allclose(found.output, of_x * of_h, atol=1e-12 * top)
    np.testing.assert_allclose(found.signal, of_x, atol=1e-10)
    assert found.frequencies[0] == 0
    assert found.frequencies[-1] == 0.5


def test_frequencies_are_in_hertz_where_the_rate_is_known():
    tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    found = spectra(slide(Signal("a", tone, rate=8000), resolve("average:8")))
    assert found.peak == pytest.approx(440, abs=1)
    assert (found.unit, found.frequencies[-1]) == ("Hz", 4000)
    # |H| of a moving average is sin(pi f N)/(N sin(pi f)).
    f = 0.0765
    at = np.abs(found.frequencies - f * 8000).argmin()
    f = found.frequencies[at] / 8000
    expected = abs(np.sin(np.pi * f * 8) / (8 * np.sin(np.pi * f)))
    assert found.kernel[at] == pytest.approx(expected, abs=1e-9)


def test_a_spectrum_is_of_the_whole_convolution():
    for settings_ in ({"padding": "same"}, {"strides": 2}):
        with pytest.raises(SpecError, match="use --padding full"):
            spectra(slide(resolve("box:9"), resolve("box:3"), **settings_))


def test_the_textbook_pair():
    found = slide(resolve("box"), resolve("triangle"))
    assert found.output.tolist() == [0.25, 0.75, 1.5, 2.5, 3.25, 3.5, 3.25, 2.5, 1.5, 0.75, 0.25]
    assert term_words(found, 1) == "y[1] = 1*0.5 + 1*0.25 = 0.75"
    assert found.strongest == 5
    assert 5 in found.places()
    assert [found.place(n) for n in (0, 10)] == [0, 10]
    assert any("5 * 4 = 20" in line for line in found.lines())


def test_a_long_sum_shows_its_largest_terms():
    found = slide(resolve("1 1 1 1 1 1 1 1 1 1 1 9"), resolve("box:12"))
    said = term_words(found, 11)
    assert "9*1" in said
    assert "(4 smaller terms)" in said
    assert said.endswith("= 20")


def test_an_impulse_moves():
    found = slide(resolve("impulse:6,2"), resolve("3 2 1"))
    assert found.output.tolist() == [0, 0, 3, 2, 1, 0, 0, 0]


def test_smoothing_takes_noise_away():
    found = slide(resolve("sine:2000,4+noise:0.2"), resolve("average:9"))
    before, after = found.noise()
    assert before == pytest.approx(0.2, rel=0.05)
    assert after == pytest.approx(0.2 / 3, rel=0.1)  # nine values: a third
    assert slide(resolve("sine+noise:0.2"), resolve("box:9")).noise() is None
    assert slide(resolve("sine"), resolve("average:9")).noise() is None


def test_plain_data():
    found = slide(resolve("1 2 3"), resolve("0 1 0.5"), at=[2]).to_dict()
    assert found["operation"] == "convolution"
    assert found["flip"] is True
    assert found["output"]["values"] == [0, 1, 2.5, 4, 1.5]
    (one,) = found["at"]
    assert [(t["m"], t["i"], t["product"]) for t in one["terms"]] == [
        (0, 2, 0.5),
        (1, 1, 2.0),
        (2, 0, 0.0),
    ]
    long = slide(resolve("sine:5000"), resolve("1 1")).to_dict()
    assert long["output"]["values"] is None


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"at": [9]}, "no output 9; they are 0 to 8"),
        ({"at": range(9)}, "9 places are more than 8"),
        ({"padding": "valid", "dilation_rate": 9}, "does not fit"),
    ],
)
def test_faults(settings_, message):
    with pytest.raises(SpecError, match=message):
        slide(resolve("box"), resolve("box"), **settings_)


def test_too_much_is_refused_beforehand():
    long = Signal("long", np.zeros(10**6))
    with pytest.raises(RefusedError, match="products are too many"):
        slide(long, long)
    with byte_budget(10**6), pytest.raises(RefusedError, match="more than the limit"):
        slide(long, resolve("box"))
