"""Augmentation: what each picture becomes, and that it hangs on its own number alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cnnviz.errors import RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.training.augmentation import Augmentation

IMAGES = np.random.default_rng(0).integers(1, 256, (40, 9, 7, 3), dtype=np.uint8)
NUMBERS = np.arange(40)
RECORDED = [14619, 9084, 13130, 10126, 8161, 11436]  # sums of the first pictures
EVERYTHING = Augmentation(shift=2, crop=(8, 6), flip=True, cutout=3)


def called(made: Augmentation, epoch: int = 0, seed: int = 1, images=IMAGES, numbers=NUMBERS):
    return made(images, numbers, seed=seed, epoch=epoch)


def shifted(image: np.ndarray, down: int, right: int, mode: str) -> np.ndarray:
    """Return the picture moved, from `numpy.pad` and a plain slice."""
    padded = np.pad(image, ((3, 3), (3, 3), (0, 0)), mode)
    return padded[3 - down : 3 - down + 9, 3 - right : 3 - right + 7]


@pytest.mark.parametrize(("fill", "mode"), [(0, "constant"), ("edge", "edge")])
def test_a_shift_is_one_of_the_shifts_and_all_occur(fill, mode):
    ways = [(i, j) for i in range(-3, 4) for j in range(-3, 4)]
    moved = np.stack([[shifted(image, *way, mode) for way in ways] for image in IMAGES])
    found = set()
    for epoch in range(15):
        made = called(Augmentation(shift=3, fill=fill), epoch)
        same = (moved == made[:, None]).all(axis=(2, 3, 4))
        assert same.any(axis=1).all()
        found |= {ways[way] for way in np.nonzero(same)[1]}
    assert found == set(ways)


def test_a_flip_mirrors_about_half():
    mirrored = 0
    for epoch in range(25):
        for image, made in zip(IMAGES, called(Augmentation(flip=True), epoch), strict=True):
            turned = np.array_equal(made, image[:, ::-1])
            assert turned or np.array_equal(made, image)
            mirrored += turned
    assert stats.binomtest(mirrored, 1000).pvalue > 0.01


def test_a_crop_lies_within_the_padded_picture():
    made = called(Augmentation(crop=(5, 4)))
    assert made.shape == (40, 5, 4, 3)
    for image, part in zip(IMAGES, made, strict=True):
        places = [image[i : i + 5, j : j + 4] for i in range(5) for j in range(4)]
        assert any(np.array_equal(part, place) for place in places)
    padded = called(Augmentation(shift=2, crop=11, fill=9))
    assert padded.shape == (40, 11, 11, 3)
    assert (padded == 9).all(axis=3).any()


def test_a_hole_is_a_square_that_may_be_cut_off():
    sizes, centres = set(), set()
    for epoch in range(60):
        holes = (called(Augmentation(cutout=3), epoch) != IMAGES).any(axis=3)
        for hole in holes:
            rows, columns = np.nonzero(hole.any(1))[0], np.nonzero(hole.any(0))[0]
            assert hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
            assert hole.sum() == len(rows) * len(columns)
            sizes.add((len(rows), len(columns)))
            centres.add((rows[0], columns[0], len(rows), len(columns)))
    assert sizes == {(i, j) for i in (2, 3) for j in (2, 3)}
    assert len(centres) == 9 * 7
    assert called(Augmentation(cutout=3, fill="edge"), images=IMAGES * 0).max() == 128


def test_a_picture_depends_on_its_number_and_no_batch():
    whole = called(EVERYTHING, 5)
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_array_equal(
        called(EVERYTHING, 5, images=IMAGES[order], numbers=order), whole[order]
    )
    for first in range(0, 40, 7):
        part = slice(first, first + 7)
        again = called(EVERYTHING, 5, images=IMAGES[part], numbers=NUMBERS[part])
        np.testing.assert_array_equal(again, whole[part])


def test_draws_of_epochs_seeds_and_numbers_are_independent():
    # The place of a window on a ramp tells what was drawn.
    ramp = np.broadcast_to(np.arange(16, dtype=np.uint8)[:, None, None], (20_000, 16, 1, 1))
    cases = ((0, 0, 0), (0, 1, 0), (1, 0, 0), (2**64 - 1, 0, 0), (0, 0, 99_999))
    series = [
        called(Augmentation(crop=1), epoch, seed, ramp, np.arange(20_000) + start).ravel()
        for seed, epoch, start in cases
    ]
    pairs = [(one, other) for i, one in enumerate(series) for other in series[:i]]
    pairs += [(one[1:], one[:-1]) for one in series]
    chances = [stats.chisquare(np.bincount(one, minlength=16)).pvalue for one in series]
    for one, other in pairs:
        table = np.bincount(16 * one.astype(int) + other, minlength=256).reshape(16, 16)
        chances.append(stats.chi2_contingency(table).pvalue)
    assert len(chances) == 20
    # Of twenty even chances the least is below 1 in 2,000 once in a hundred times.
    assert min(chances) > 0.0005


def test_rows_and_columns_are_drawn_apart():
    places = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1)
    images = np.broadcast_to(places, (4000, 8, 8, 1))
    made = Augmentation(crop=1)(images, np.arange(4000), seed=3, epoch=0).ravel()
    assert stats.chisquare(np.bincount(made, minlength=64)).pvalue > 0.005


def test_the_pictures_are_recorded():
    # What a seed means must not change from one version to the next: a run could not go on.
    made = called(EVERYTHING, 7, seed=2024)
    assert made.astype(int).sum(axis=(1, 2, 3))[:6].tolist() == RECORDED


def test_the_input_is_not_changed_and_nothing_to_do_does_nothing():
    before = IMAGES.copy()
    called(EVERYTHING)
    np.testing.assert_array_equal(IMAGES, before)
    plain = called(Augmentation())
    np.testing.assert_array_equal(plain, IMAGES)
    assert not np.shares_memory(plain, IMAGES)
    floats = called(EVERYTHING, images=IMAGES.astype(np.float32))
    np.testing.assert_array_equal(floats, called(EVERYTHING))


def test_without_chance_the_centre_is_seen():
    np.testing.assert_array_equal(Augmentation(crop=(5, 4)).centred(IMAGES), IMAGES[:, 2:7, 1:5])
    np.testing.assert_array_equal(Augmentation(shift=3, flip=True).centred(IMAGES), IMAGES)
    with pytest.raises(SpecError, match=r"crop 11x11 is larger than the picture \(9x7\)"):
        Augmentation(shift=2, crop=11).centred(IMAGES)


def test_settings_make_the_same_again():
    assert Augmentation(**EVERYTHING.settings) == EVERYTHING


def test_faults():
    with pytest.raises(SpecError, match=r"crop 20x7 is larger than the padded picture \(13x11\)"):
        called(Augmentation(shift=2, crop=(20, 7)))
    with pytest.raises(SpecError, match=r"are not \(N, H, W, C\) and one whole number each"):
        called(EVERYTHING, numbers=NUMBERS[:3])
    with pytest.raises(SpecError, match="shift -1 is not a whole number of at least 0"):
        Augmentation(shift=-1)
    with pytest.raises(SpecError, match="fill 'mirror' is neither 0 to 255 nor edge"):
        Augmentation(fill="mirror")
    with pytest.raises(SpecError, match="fill 256 is neither"):
        Augmentation(fill=256)
    with byte_budget(1000), pytest.raises(RefusedError, match="a batch of 40 pictures needs"):
        called(EVERYTHING)


def test_holes_that_cover_all_whatever_their_side():
    white = np.full((4, 5, 3, 1), 255, np.uint8)
    for side in (10, 11, 1000, 10**30):
        assert not Augmentation(cutout=side)(white, range(4), seed=0, epoch=0).any()
