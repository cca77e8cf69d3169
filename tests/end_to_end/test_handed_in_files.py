"""What was handed in beside the notebook: it lies beside it where that runs, and a person sees it."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import notebooks as nb

MARK = b"<script>alert(1)</script>"
READING = (
    "import csv, helper\n"
    "from parts.inner import half\n"
    "answer = helper.total([int(row[0]) for row in csv.reader(open('data/points.csv'))]) + half"
)
HELPER = "def total(rows):\n    return sum(rows)\n"
POINTS = "7000\n918\n"
WRITTEN = "%%writefile own.py\nNUMBER = 7919"


def picture(kind: str, size: tuple[int, int] = (40, 30), colour: str = "red", mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, kind)
    return made.getvalue() + MARK  # Pillow, as browsers, reads what is before that


def text(*cells: Any) -> bytes:
    return json.dumps(nb.notebook(*cells)).encode()


def pasted(**pictures: bytes) -> dict[str, Any]:
    cell = nb.markdown("".join(f"![what](attachment:{name})" for name in pictures))
    forms = {name: {"image/png": base64.b64encode(data).decode()} for name, data in pictures.items()}
    return {**cell, "attachments": forms}


CLASS = {
    "ada/work/x.ipynb": text(*nb.answers(READING, nb.RIGHT_LABELS), pasted(a=picture("PNG"), b=b"damaged")),
    "ada/work/helper.py": HELPER.encode(),
    "ada/work/parts/inner.py": b"half = 1",
    "ada/work/data/points.csv": POINTS.encode(),
    "ada/work/Ada's sketch.jpg": picture("JPEG", (3000, 2000), "blue"),
    "ada/work/huge.png": picture("PNG", (7000, 7000), "white", "1"),
    "ada/work/scan.pdf": b"%PDF" + MARK,
    "bob/x.ipynb": text(nb.code(WRITTEN), *nb.answers("import own\nanswer = own.NUMBER", nb.RIGHT_LABELS)),
    "cem/photo.png": picture("PNG"),
    # Files of the exercise: the student's do not take their place.
    "dee/x.ipynb": text(*nb.answers("import given\nanswer = given.number + len(open('table.csv').read())")),
    "dee/given.py": b"number = 7919\nraise SystemExit",
    "dee/given/__init__.py": b"number = 1",
    "dee/table.csv/x.py": b"1",
    "dee/TABLE.csv": b"12345",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    bundle = nb.small_bundle(folder / "small")
    (bundle / "files").mkdir()
    (bundle / "files" / "given.py").write_text("number = 7914")
    (bundle / "files" / "table.csv").write_text("12345")
    for name, content in CLASS.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert nb.autograder("grade", bundle, folder / "in", "-o", folder / "out").returncode == 1
    return folder


def page(course: Path, student: str) -> str:
    return (course / "out" / "feedback" / f"{student}.html").read_text()


def shown(html: str) -> list[Image.Image]:
    contents = [base64.b64decode(data) for data in re.findall(r'src="data:image/[a-z]+;base64,([^"]+)"', html)]
    assert not any(MARK in content for content in contents)
    return [Image.open(io.BytesIO(content)) for content in contents]


def test_a_notebook_finds_its_files_and_its_own_modules(course: Path) -> None:
    scores = {student: entry["score"] for student, entry in nb.grades(course / "out").items()}
    assert scores == {"ada": 10, "bob": 10, "cem": 0, "dee": 4}


def test_pictures_are_drawn_anew_and_what_is_left_out_is_named(course: Path) -> None:
    html = page(course, "ada")
    beside, pasted = shown(html)
    assert (pasted.size, pasted.getpixel((0, 0))) == ((40, 30), (255, 0, 0))
    assert beside.size == (1600, 1067)
    assert html.count("<p>It is not shown: it is damaged, too large, or one of too many.</p>") == 1  # `huge.png`
    assert "<em>[picture not shown: what. A picture must be pasted in" in html  # the damaged one
    assert f"helper.py</bdi></strong> ({len(HELPER)} bytes): it was beside the notebook" in html
    assert "def total(rows):" in html
    assert "scan.pdf</bdi></strong> (29 bytes): left out, for files of this type are not put beside a notebook" in html
    assert [image.size for image in shown(page(course, "cem"))] == [(40, 30)]
    assert "scan.pdf" in (course / "out" / "index.html").read_text()


def test_no_file_takes_the_place_of_one_of_the_exercise(course: Path) -> None:
    html = page(course, "dee")
    assert html.count("left out, for one of this name came with the exercise, and that one is there") == 3
    assert html.count("left out, for another file has its place") == 1


def test_another_file_is_another_submission(course: Path) -> None:
    def graded(*options: str) -> str:
        return nb.autograder("grade", course / "small", course / "in", "-o", course / "out", *options).stderr

    assert "3 as before" in graded()
    (course / "in" / "ada" / "work" / "data" / "points.csv").write_text("7\n")
    said = graded()
    assert "ada: 10 → 7" in said and "Checked again" not in said
