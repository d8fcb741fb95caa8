"""Every coefficient of the library's own kernels, against sources that know nothing of cnnviz."""

from __future__ import annotations

import numpy as np
import pytest
from kernels_expected import EXPECTED
from kernels_expected_tools import EXPECTED as TOOLS
from kernels_expected_tools import PILLOW
from scipy import ndimage

from cnnviz import kernel
from cnnviz.kernels import banks, describe, kernel_names, namespaces, resolve

MEASURED = {"motion:9,45", "motion:7,20"}  # by points on the line, so only nearly


@pytest.mark.parametrize("text", EXPECTED)
def test_coefficients(text: str) -> None:
    expected = EXPECTED[text]()
    atol = 1e-4 if text in MEASURED else 1e-12 * max(1, np.abs(expected).max())
    assert kernel(text).shape == expected.shape
    np.testing.assert_allclose(kernel(text), expected, rtol=1e-9, atol=atol)


def test_no_kernel_is_without_an_independent_source() -> None:
    """A kernel that is dropped in fails here until a table says what it must be."""
    known = {describe(text).name for text in [*EXPECTED, *TOOLS, *PILLOW]}
    assert known == set(kernel_names())


def test_every_choice_has_an_independent_source() -> None:
    """Each word of a parameter of words, at least once (Laws's and Frei and Chen's: all)."""
    typed = {*EXPECTED, *TOOLS}
    for name in kernel_names():
        parameters = describe(name).parameters
        for place, parameter in enumerate(parameters):
            words = getattr(parameter, "choices", ())
            rest = [text.removeprefix(f"{name}:").split(",") for text in typed if text != name]
            used = {texts[place] for texts in rest if len(texts) > place}
            assert set(words) <= used | {parameter.default}, (name, parameter.name)


def test_frei_and_chen_is_an_orthonormal_basis() -> None:
    masks = kernel("bank:frei-chen").reshape(9, 9)
    np.testing.assert_allclose(masks.T @ masks, np.eye(9), atol=1e-15)
    patch = np.random.default_rng(0).random(9)
    assert np.sum((patch @ masks) ** 2) == pytest.approx(np.sum(patch**2))


def test_haar_is_an_orthonormal_basis() -> None:
    masks = kernel("bank:haar").reshape(4, 4)
    np.testing.assert_allclose(masks.T @ masks, np.eye(4), atol=1e-15)


def test_log_is_the_second_derivative_of_the_gaussian() -> None:
    image = np.zeros((25, 25))
    image[12, 12] = 1
    expected = ndimage.gaussian_laplace(image, 2, truncate=10)
    ours = kernel("log:25,2")
    np.testing.assert_allclose(ours, expected, atol=2e-3 * np.abs(expected).max())


def test_schmid_has_the_thirteen_of_the_paper() -> None:
    found = [each.name for each in resolve("bank:schmid")]
    pairs = "2-1 4-1 4-2 6-1 6-2 6-3 8-1 8-2 8-3 10-1 10-2 10-3 10-4"
    assert found == [f"schmid-{pair}" for pair in pairs.split()]
    stack = kernel("bank:schmid")
    assert stack.shape == (49, 49, 1, 13)
    np.testing.assert_allclose(stack, np.rot90(stack), atol=1e-12)


def test_no_value_is_minus_zero() -> None:
    """It would be drawn as -0."""
    texts = [*kernel_names(), *(f"bank:{bank}" for bank in banks())]
    for each in (found for text in texts for found in resolve(text)):
        assert not np.any(np.signbit(each.values) & (each.values == 0)), each.name


def test_no_tool_has_a_name_of_this_library() -> None:
    assert not set(namespaces()) & {name.partition(":")[0] for name in EXPECTED}
