"""From what is typed to kernels: parameters, matrices, names and files, and their faults."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnviz import CnnvizError, InputError, RefusedError, SpecError, kernel
from cnnviz.kernels import Kernel, kernel_names, namespaces, resolve
from cnnviz.kernels import _grammar as grammar


def same(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-15)


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "gaussian:4",
                "kernel 'gaussian': size '4' is not an odd number from 1 to 1023; "
                "write gaussian[:SIZE[,SIGMA]]",
            ),
            ("gaussian:3,0", "sigma '0' is not a number from 0.05 to 1000"),
            ("gaussian:3,nan", "sigma 'nan' is not"),
            ("gaussian:", "size '' is not"),
            ("gaussian:1_1", "size '1_1' is not"),
            ("gaussian:3,1,2", "takes at most 2 parameters"),
            ("box:1025", "size '1025' is not an odd number from 1 to 1023"),
            ("box:-3", "size '-3' is not"),
            ("box:3.0", "size '3.0' is not"),
            ("log:1", "from 3 to 1023"),
            ("dog:9,2,1", "kernel 'dog': sigma1 2 is not smaller than sigma2 1"),
            ("motion:9,400", "angle '400' is not a number from -360 to 360"),
            ("kirsch:up", "direction 'up' is not one of n, ne, e, se, s, sw, w, nw"),
            ("laplacian:5", "neighbours '5' is not one of 4, 8"),
            ("unsharp:5,1,-1", "amount '-1' is not a number from 0 to 100"),
            ("edge:3", "kernel 'edge' takes no parameters, not '3'"),
            ("rectangle:0", "rows '0' is not a whole number from 1 to 1023"),
            ("rectangle:2.5", "rows '2.5' is not a whole number"),
            ("ring:5,5", "kernel 'ring': inner 5 is not smaller than size 5"),
            ("sobel-x:33", "size '33' is not an odd number from 3 to 31"),
            ("frei-chen:0", "mask '0' is not one of 1, 2, 3, 4, 5, 6, 7, 8, 9"),
            ("laws:l5,l3", "across 'l3' is not one of l5, e5, s5, w5, r5"),
        ],
    )
    def test_faults(self, text, message):
        with pytest.raises(SpecError) as caught:
            resolve(text)
        assert message in str(caught.value)

    def test_a_tool_is_before_the_name(self):
        (found,) = resolve("matlab:gaussian:3,0.5")
        assert found.name == "matlab:gaussian:3,0.5"
        same(found.values, kernel("matlab: gaussian : 3 , .5"))
        assert [each.name for each in resolve("bank:setosa")][:2] == [
            "setosa:blur",
            "setosa:bottom-sobel",
        ]

    def test_name_is_the_text(self):
        assert resolve(" gaussian:7,2 ")[0].name == "gaussian:7,2"
        same(kernel("gaussian: 7, 2"), kernel("gaussian:7,2"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestGrammar:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("1 0 -1; 2 0 -2; 1 0 -1", [[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
            ("1,0,-1;2,0,-2;", [[1, 0, -1], [2, 0, -2]]),
            ("1/4, 1 / 2 ,+1/4", [[0.25, 0.5, 0.25]]),
            ("1e-2 .5; -2. 3e1", [[0.01, 0.5], [-2, 30]]),
            ("7", [[7]]),
        ],
    )
    def test_inline(self, text, values):
        (found,) = resolve(text)
        assert found.values.tolist() == values
        assert (found.name, found.source) == ("custom", "inline matrix")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("1 2; 3", "row 2 of the kernel has 1 values, row 1 has 2; rows end with ;"),
            ("1 --2", "row 1, column 2 of the kernel: '--2' is not a number"),
            ("1;;2", "row 2, column 1 of the kernel: '' is not a number"),
            ("1,,2", "row 1, column 2 of the kernel: '' is not a number"),
            ("1/2/3", "'1/2/3' is not a number"),
            ("1/0", "'1/0' divides by zero"),
            ("", "the kernel is empty"),
            ("bank:", "no bank of kernels named ''; known: compass, "),
            ("bank:sobl", "no bank of kernels named 'sobl'; nearest: sobel"),
            ("bank:pilow", "no bank of kernels named 'pilow'; nearest: pillow"),
            ("sobel", "no kernel or file named 'sobel'; nearest: sobel-x, sobel-y"),
            ("gausian:3", "no kernel or file named 'gausian:3'; nearest: gaussian"),
            ("blur", "nearest: binomial, box, disk, gaussian, "),
            ("blur", ", imagemagick:blur, pillow:blur, setosa:blur"),
            ("Edge", "nearest: edge"),
            ("qqqqq", "no kernel or file named 'qqqqq'; cnnviz kernels lists them"),
            ("robinson", "nearest: compass, compass-3"),
            ("embos", "'embos'; nearest: emboss, pillow:emboss, setosa:emboss"),
            ("pillow:embos", "pillow has no kernel named 'embos'; nearest: pillow:emboss, emboss"),
            ("pilow:emboss", "no kernel or file named 'pilow:emboss'; nearest: pillow:emboss"),
            ("skimage:sobel", "nearest: scikit-image:sobel-h, scikit-image:sobel-v, sobel-x"),
            ("pillow", "no kernel or file named 'pillow'; known: pillow:blur, pillow:contour"),
            ("pillow:", "pillow has no kernel named ''; known: pillow:blur, pillow:contour"),
            ("opencv:Sobel:1", "opencv has no kernel named 'Sobel'; nearest: opencv:sobel"),
            ("setosa:qq", "setosa:top-sobel, or bank:setosa for all"),
            ("no/such.npy:conv1", "no kernel or file named 'no/such.npy:conv1'; check the path"),
        ],
    )
    def test_faults(self, text, message, here):
        with pytest.raises(SpecError) as caught:
            resolve(text)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(
        st.integers(1, 4).flatmap(
            lambda width: st.lists(
                st.lists(
                    st.floats(-3e38, 3e38),
                    min_size=width,
                    max_size=width,
                ),
                min_size=1,
                max_size=4,
            )
        ),
        st.sampled_from([" ", ",", ", ", "  "]),
        st.sampled_from([";", "; ", " ; "]),
    )
    def test_inline_round_trip(self, rows, comma, semicolon):
        text = semicolon.join(comma.join(map(repr, row)) for row in rows)
        assert kernel(text).tolist() == rows

    @settings(deadline=None, derandomize=True, max_examples=500)
    @given(
        st.text("0123456789+-.e,;/ ", max_size=20)
        | st.text(max_size=20)
        | st.builds(
            "{}{}{}".format,
            st.sampled_from([*kernel_names(), *namespaces(), "bank", "file", "trained", "./edge"]),
            st.sampled_from([":", "", "-"]),
            st.text("0123456789.,-e:naif/x ", max_size=8) | st.text(max_size=8),
        )
    )
    @example("file:\0")
    @example("a\0b:\0")
    @example("\ud800")
    @example("_library")
    @example("9" * 5000)
    @example("box:" + "9" * 5000)
    @example("x" * 5000 + ":")
    def test_garbage_raises_nothing_else(self, text):
        try:
            found = resolve(text)
        except CnnvizError:
            return
        assert found
        assert all(np.isfinite(each.values).all() for each in found)

    def test_kernel_is_a_value(self):
        one, other = resolve("edge")[0], resolve("edge")[0]
        assert one != other
        assert isinstance(one, Kernel)
        with pytest.raises(AttributeError):
            one.name = "x"


class TestFiles:
    def test_text_and_npy(self, here):
        (here / "mine.csv").write_text("1,0,-1\n2,0,-2\n")
        np.save(here / "deep.npy", np.ones((3, 2, 4), np.int8))
        (found,) = resolve("mine.csv")
        assert found.values.tolist() == [[1, 0, -1], [2, 0, -2]]
        assert (found.name, found.source) == ("mine", "mine.csv")
        deep = kernel("deep.npy")
        assert deep.shape == (3, 2, 4)
        assert deep.dtype == np.float64

    def test_4d_is_one_kernel_a_filter(self, here):
        weights = np.random.default_rng(0).normal(size=(3, 2, 4, 5)).astype(np.float32)
        np.savez(here / "net.npz", conv1=weights, other=np.ones((2, 2)))
        found = resolve("net.npz:conv1")
        assert [each.name for each in found] == [f"net:conv1[{i}]" for i in range(5)]
        same(found[3].values, weights[:, :, :, 3])
        same(kernel("net.npz:conv1"), weights)
        np.save(here / "bank4.npy", weights)
        assert [each.name for each in resolve("file:bank4.npy")][:2] == ["bank4[0]", "bank4[1]"]

    def test_a_library_name_beats_a_file(self, here):
        np.save(here / "x.npy", np.full((2, 2), 7.0))
        (here / "x.npy").rename(here / "edge")
        assert kernel("edge")[1].tolist() == [-1, 8, -1]
        assert kernel("./edge").tolist() == [[7, 7], [7, 7]]
        assert kernel("file:edge").tolist() == [[7, 7], [7, 7]]
        (here / "edge").rename(here / "pillow")
        assert kernel("./pillow").tolist() == [[7, 7], [7, 7]]
        with pytest.raises(SpecError, match="'pillow'; known: pillow:blur"):
            kernel("pillow")

    def test_longest_existing_file(self, here):
        np.savez(here / "a.npz", x=np.ones((1, 1)), **{"b:c": np.ones((2, 2))})
        np.save(here / "plain.npy", np.ones((3, 3)))
        (here / "plain.npy").rename(here / "a.npz:x")
        assert kernel("a.npz:x").shape == (3, 3)
        assert kernel("a.npz:b:c").shape == (2, 2)

    def test_matrix_beats_a_file(self, here):
        (here / "3").write_text("1 2")
        assert kernel("3").tolist() == [[3]]
        assert kernel("file:3").tolist() == [[1, 2]]

    @pytest.mark.parametrize(
        ("text", "error", "message"),
        [
            ("file:no.npy", InputError, "no kernel file 'no.npy'"),
            ("file:edge", InputError, "no kernel file 'edge'"),
            ("folder", InputError, "kernel file 'folder' is a folder"),
            ("one.npy", InputError, "one.npy: a kernel has 2 to 4 axes, this array has 1"),
            ("two.npz", SpecError, "two.npz: holds 2 arrays; name one of: a, b"),
            ("two.npz:c", SpecError, "two.npz: holds no array 'c'; name one of: a, b"),
            ("one.npy:c", SpecError, "one.npy: holds one array without a name, not 'c'"),
            ("bad.csv", InputError, "bad.csv: row 1, column 2: 'x' is not a number"),
            ("wide.npy", RefusedError, "wide.npy: holds 65537 filters, more than 65536"),
            (
                "nan.npy",
                InputError,
                "nan.npy: kernel 'nan': 3 of 18 values not finite (NaN or infinite)",
            ),
            ("1e999 1; 1 -1e999", InputError, "kernel 'custom': 2 of 4 values not finite"),
        ],
    )
    def test_faults(self, text, error, message, here):
        (here / "folder").mkdir()
        (here / "bad.csv").write_text("1,x\n")
        np.save(here / "one.npy", np.ones(3))
        np.save(here / "wide.npy", np.ones((1, 1, 1, 65537), np.int8))
        np.savez(here / "two.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
        values = np.ones((3, 3, 1, 2))
        values[0] = [[[np.nan, 1]], [[np.inf, 1]], [[1, -np.inf]]]
        np.save(here / "nan.npy", values)
        with pytest.raises(error) as caught:
            resolve(text)
        assert message in str(caught.value)


def test_longest_path_first(here):
    (here / "a").write_text("1")
    (here / "a:b").write_text("1")
    assert grammar._split("a:b:c:d") == ("a:b", "c:d")
    assert grammar._split("a:c") == ("a", "c")
    assert grammar._split("c:a") == (None, None)
