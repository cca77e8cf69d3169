"""Makes the pictures of the documentation, from the graded notebook of one sample student.

It needs Chromium. Run, at the root of the repository:

    autograder grade cnn2_mnist tests/golden/cnn2_mnist/class/filters.ipynb -o pictures-report
    python -m docs.pictures pictures-report

The first command gives the folder that the second one reads.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from autograder.commands import live
from tests.browsers import browser, chromium
from tests.live import STROKES, draw

IMAGES = Path(__file__).parent / "images"
STUDENT = "filters"
LARGEST = 150_000  # bytes


def main(report: Path) -> None:
    """Take all pictures.

    Args:
        report: The output folder.
    """
    executable = chromium()
    if executable is None:
        sys.exit("Chromium is missing. Run `sudo apt install chromium`.")
    with browser(executable) as opened, tempfile.TemporaryDirectory() as folder:
        student_page(opened, report / "feedback" / f"{STUDENT}.html")
        live_page(opened, live.run("keras_gaps", folder=Path(folder), float32=False, scaling=None).page)


def student_page(opened: Any, page: Path) -> None:
    """The score, and the comparison of layers under the first question."""
    tab = opened.new_page(viewport={"width": 900, "height": 1400}, device_scale_factor=1.5)
    tab.goto(page.resolve().as_uri())
    save(tab.screenshot(), "student-page")


def live_page(opened: Any, page: Path) -> None:
    """A drawn 7, and what the layers make of it."""
    tab = opened.new_page(viewport={"width": 1280, "height": 900}, device_scale_factor=1.25)
    tab.goto(page.resolve().as_uri())
    tab.locator("canvas.pad").wait_for()
    draw(tab, STROKES["7"])
    tab.wait_for_timeout(1_000)
    tab.mouse.move(0, 0)
    save(tab.screenshot(), "live-page")


def save(png: bytes, name: str) -> None:
    """Write a picture as WebP."""
    path = IMAGES / f"{name}.webp"
    Image.open(io.BytesIO(png)).save(path, quality=80, method=6)
    assert path.stat().st_size < LARGEST, f"{path} has {path.stat().st_size:,} bytes"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
