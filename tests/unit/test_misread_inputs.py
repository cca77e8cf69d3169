"""What a classifier confuses, of arrays: the matrix, and the pictures of misread inputs."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from autograder.expect.misread_inputs import confusion_of

TRUE = np.array([0, 0, 1, 1, 2, 2, 2])
GIVEN = np.array([0, 1, 1, 0, 1, 1, 2])


def picture_of(x):
    (misread,) = confusion_of("net", x, np.array([0, 1]), np.array([1, 1]), 2).misread
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(misread.picture)))) if misread.picture else None


def test_the_most_frequent_mistakes_come_first_each_with_its_first_input():
    found = confusion_of("net", np.zeros((7, 3)), TRUE, GIVEN, 3)
    assert found.model == "net"
    assert found.counts == ((1, 1, 0), (1, 1, 0), (0, 2, 1))
    assert [(each.index, each.true, each.predicted, each.picture) for each in found.misread] == [
        (4, 2, 1, ""), (1, 0, 1, ""), (3, 1, 0, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("true", "given", "classes"),
    [
        (TRUE, TRUE, 3),
        (TRUE, GIVEN, 21),
        (TRUE[:, None], GIVEN[:, None], 3),
        (TRUE, np.where(GIVEN == 2, 3, GIVEN), 3),
        (TRUE, -GIVEN, 3),
    ],
    ids=["no-mistake", "too-many-classes", "pixels", "another-class", "negative"],
)
def test_nothing_is_made_of_what_nobody_could_read(true, given, classes):
    assert confusion_of("net", np.zeros((7, 3)), true, given, classes) is None


def test_grey_pictures_are_ink_on_paper_whatever_their_scale():
    ink = np.full((2, 9, 8, 1), -0.4)
    ink[0, 4, 3] = 2.8
    pixels = picture_of(ink)
    assert pixels.shape == (9, 8)
    assert (pixels[4, 3], pixels[0, 0]) == (0, 255)
    assert (picture_of(1 - ink)[4, 3], picture_of(1 - ink)[0, 0]) == (0, 255)


def test_colours_stay():
    x = np.zeros((2, 8, 8, 3))
    x[0, 1, 2] = [1.0, 0.5, 0.0]
    assert picture_of(x)[1, 2].tolist() == [255, 128, 0]


@pytest.mark.parametrize("shape", [(2, 784), (2, 4, 4), (2, 65, 65), (2, 8, 8, 2), (2, 8)])
def test_other_inputs_have_no_picture(shape):
    assert picture_of(np.zeros(shape)) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 1j, "a", None])
def test_what_is_no_picture_of_finite_numbers_has_none(value):
    assert picture_of(np.full((2, 8, 8), value)) is None


def test_pictures_are_bounded_together():
    noise = np.random.default_rng(0).random((20, 64, 64, 3))
    true, given = np.repeat(np.arange(10), 2), np.roll(np.repeat(np.arange(10), 2), 2)
    misread = confusion_of("net", noise, true, given, 10).misread
    assert len(misread) == 10 and not any(each.picture for each in misread), "one alone is too large"
