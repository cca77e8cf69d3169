"""`manual.csv` as spreadsheets and people leave it."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace

import pytest

from autograder.errors import UsageError
from autograder.feedback.tables import sheet_csv
from autograder.grading.results import manual_csv
from autograder.grading.results.hand_grading import COLUMNS, REVIEW, ManualRow, Sheet, cells
from autograder.grading.results.manual_csv import read_sheet, save_sheet
from autograder.records import Assignment, Case, Question

ASSIGNMENT = Assignment(
    "cnn",
    "CNN",
    (Question("train", 4, cases=(Case("floor", "Floor", 3),)), Question("why", 2, manual=True)),
)
ROWS = [
    ManualRow("ada", "why", "", 1.5, 'Well seen,\n"quotes"; and = signs', "2", "the answer", "the rubric", "", "v1f"),
    ManualRow("bob", "why", "", None, "", "2", "=1+1", "- names it", "answer changed since it was graded", "v2f"),
    ManualRow("zoë", "train", "floor", 3, "-0.5 for the rest", "3", "0.951", "Floor", "", "v3f"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "manual.csv"


def written(entries=ROWS, **sheet):
    sheet = Sheet(tuple(entries), **sheet)
    return "".join(sheet_csv(cells(sheet, entries), sheet.delimiter))


def resaved(text, delimiter=",", end="\r\n", quoting=csv.QUOTE_MINIMAL, order=None, comma=False):
    """What a spreadsheet makes of the file."""
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    out = io.StringIO()
    writer = csv.DictWriter(out, order or COLUMNS, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writeheader()
    for row in rows:
        if comma:
            row = {**row, "points": row["points"].replace(".", ","), "possible": row["possible"].replace(".", ",")}
        writer.writerow(row)
    return out.getvalue()


def test_it_reads_what_it_wrote(path):
    path.write_bytes(written().encode())
    sheet = read_sheet(path, ASSIGNMENT)
    assert list(sheet.entries) == ROWS
    assert (sheet.delimiter, sheet.extra) == (",", ())
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes it for another encoding without"


@pytest.mark.parametrize(
    ("dialect", "prefix", "encoding"),
    [
        ({}, "", "utf-8"),
        ({"end": "\n"}, "", "utf-8-sig"),
        ({"end": "\r"}, "", "utf-8"),
        ({"delimiter": ";", "comma": True}, "", "utf-8-sig"),
        ({"delimiter": "\t", "comma": True}, "", "utf-8"),
        ({"delimiter": ";"}, "sep=;\r\n", "utf-8"),
        ({"quoting": csv.QUOTE_ALL}, "", "utf-8"),
        ({"order": tuple(reversed(COLUMNS))}, "", "utf-8"),
        ({}, "\r\n,,,\r\n", "utf-8"),
    ],
)
def test_it_reads_what_spreadsheets_save(path, dialect, prefix, encoding):
    path.write_bytes((prefix + resaved(written(), **dialect)).encode(encoding))
    sheet = read_sheet(path, ASSIGNMENT)
    assert list(sheet.entries) == ROWS
    assert sheet.delimiter == dialect.get("delimiter", ",")


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ("", None),
        (" ", None),
        ("0", 0),
        ("2", 2),
        ("1.5", 1.5),
        ("1,5", 1.5),
        (",5", 0.5),
        (" 1 \u00a0", 1),
        ("2.00", 2),
    ],
)
def test_points(path, cell, points):
    path.write_text(f'student;question;case;points;comment\nada;why;;"{cell}";\n')
    assert read_sheet(path, ASSIGNMENT).entries[0].points == points


@pytest.mark.parametrize(("cell", "accept"), [("accept", True), (" Accept ", True), ("", False)])
def test_a_review_is_accepted_by_a_word(path, cell, accept):
    path.write_text(written([ManualRow("ada", REVIEW, accept=accept)]).replace("accept", cell))
    (row,) = read_sheet(path, ASSIGNMENT).entries
    assert (row.key, row.accept, row.points, row.filled) == (("ada", REVIEW, ""), accept, None, accept)


def test_points_that_a_case_proposes_are_accepted_by_the_same_word(path):
    proposing = ManualRow("ada", "train", "floor", answer="Proposed: 2 of 3. It is a class.", accept=True)
    path.write_text(written([proposing]))
    assert read_sheet(path, ASSIGNMENT).entries == (proposing,)
    path.write_text(written([proposing]).replace("accept", "yes"))
    with pytest.raises(UsageError, match="must be a number from 0 to 3, or `accept` for the proposed points"):
        read_sheet(path, ASSIGNMENT)
    path.write_text(written([replace(proposing, answer="0.951")]))
    with pytest.raises(UsageError, match=r"must be a number from 0 to 3 \(got `accept`\)"):
        read_sheet(path, ASSIGNMENT)


@pytest.mark.parametrize("cell", ["yes", "3", "=accept"])
def test_a_review_is_accepted_by_no_other_word(path, cell):
    path.write_text(written([ManualRow("ada", REVIEW, accept=True)]).replace("accept", cell))
    with pytest.raises(UsageError, match=r"line 2 \(ada, \(review\)\): `points` must be `accept` or empty"):
        read_sheet(path, ASSIGNMENT)


def test_a_file_that_is_cut_has_whole_rows_or_is_refused(path):
    text = resaved(written(), quoting=csv.QUOTE_MINIMAL, end="\n")
    for size in range(1, len(text)):
        path.write_text(text[:size])
        try:
            rows = read_sheet(path, ASSIGNMENT).entries
        except UsageError:
            continue
        digest = rows[-1].digest if rows else ""
        whole = [*ROWS[: len(rows) - 1], replace(ROWS[len(rows) - 1], digest=digest)] if rows else []
        assert list(rows) == whole, "a digest that is cut is noticed as a change of the answer"


def test_rows_in_any_order_with_columns_of_others(path):
    path.write_text('Points, Comment ,grader,CASE,question,student\n1,ok,jane,,why,bob\n,,"",,why,ada\n')
    sheet = read_sheet(path, ASSIGNMENT)
    assert sheet.extra == ("grader",)
    assert [(entry.key, entry.points, entry.extra) for entry in sheet.entries] == [
        (("bob", "why", ""), 1, ("jane",)),
        (("ada", "why", ""), None, ("",)),
    ]


def test_where_there_is_no_file_nothing_was_filled_in(path):
    assert read_sheet(path, ASSIGNMENT) == Sheet()


HEADER = "student,question,case,points,comment\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "ada,why,,three,\n", "line 2 (ada, why): `points` must be a number from 0 to 2 (got `three`)"),
        (HEADER + 'ada,why,,1,"a\nb"\nbob,why,,-1,\n', "line 4 (bob, why): `points` must be a number from 0 to 2"),
        (HEADER + "ada,why,,2.01,\n", "(got `2.01`)"),
        (HEADER + "ada,train,floor,3.5,\n", "from 0 to 3 (got `3.5`)"),
        (HEADER + "ada,why,,nan,\n", "(got `nan`)"),
        (HEADER + "ada,why,,1e0,\n", "(got `1e0`)"),
        (HEADER + 'ada,why,,"1.000,5",\n', "(got `1.000,5`)"),
        (HEADER + "gone,gone,,x,\n", "`points` must be a number (got `x`)"),
        (HEADER + "ada,why,,1,a,b\n", "6 cells, but the header has 5"),
        (HEADER + ",why,,1,\n", "line 2: no `student`"),
        (HEADER + "ada,,,1,\n", "line 2: no `question`"),
        (HEADER + "ada,why,,1,\nada,why,,2,\n", "line 3: ada, why is there already, in line 2, with other points"),
        (HEADER + "ada,why,,1,a\nada,why,,1,b\n", "line 3: ada, why is there already"),
        (HEADER + 'ada,why,,1,"never closed\n', "line 2: not a CSV"),
        ("student,question,points\n", "line 1: no column `case`: its header is `student`, `question`, `points`"),
        ("a,b\n1,2\n", "no column `student`"),
        ("points," + HEADER, "column `points` is there twice"),
        ("", "is empty"),
        ("ada,why\x1b[31m,,1,\n", "`why�[31m`"),
    ],
)
def test_what_cannot_be_understood_is_one_line(path, text, said):
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_sheet(path, ASSIGNMENT)
    message = str(raised.value)
    assert said in message
    assert message.startswith(str(path)) and "\n" not in message


def test_other_encodings_are_refused_with_their_line(path):
    path.write_bytes((HEADER + "ada,why,,1,gr\xfc\xdfe\n").encode("latin-1"))
    with pytest.raises(UsageError, match=r"line 2: not UTF-8\. Save it as `CSV UTF-8`"):
        read_sheet(path, ASSIGNMENT)


@pytest.mark.parametrize("second", ["ada,why,,1,ok\n", "ada,why,,,\n"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_row_that_is_there_twice_without_contradiction_counts_once(path, second, swapped):
    rows = ["ada,why,,1,ok\n", second]
    path.write_text(HEADER + "".join(reversed(rows) if swapped else rows))
    (entry,) = read_sheet(path, ASSIGNMENT).entries
    assert (entry.points, entry.comment) == (1, "ok")


@pytest.mark.parametrize("text", ["=1+1", "+49", "-0.5 here", "@ada", " =1", "＝1", '=HYPERLINK("x")'])
def test_no_cell_begins_a_formula_and_each_comes_back(path, text):
    (entry,) = [ManualRow("ada", "why", "", 1, text.strip(), answer=text.strip(), extra=(text.strip(),))]
    out = written([entry], extra=("=column",))
    for row in csv.reader(io.StringIO(out.lstrip("\ufeff"), newline="")):
        assert not any(cell.lstrip().startswith(tuple("=+-@＝")) for cell in row)
    for _ in range(2):
        path.write_bytes(out.encode())
        sheet = read_sheet(path, ASSIGNMENT)
        assert (sheet.entries[0].comment, sheet.extra) == (text.strip(), ("=column",))
        out = written(sheet.entries, extra=sheet.extra)


def test_an_apostrophe_of_its_own_stays(path):
    path.write_text(HEADER + "ada,why,,1,'cause\n")
    assert read_sheet(path, ASSIGNMENT).entries[0].comment == "'cause"


def test_control_characters_do_not_reach_the_table(path):
    entry = ManualRow("ada", "why", answer="a\x00b\x1b[2J\u202ec\ud800")
    path.write_bytes(written([entry]).encode())
    assert read_sheet(path, ASSIGNMENT).entries[0].answer == "a\ufffdb\ufffd[2J\ufffdc\ufffd"


# ---------------------------------------------------------------- saving


def saved(path, entries=ROWS, sheet=None):
    sheet = read_sheet(path, ASSIGNMENT) if sheet is None else sheet
    save_sheet(path, sheet, entries, sheet_csv(cells(sheet, entries), sheet.delimiter))


def test_a_first_file(path):
    saved(path)
    assert list(read_sheet(path, ASSIGNMENT).entries) == ROWS
    assert path.stat().st_mode & 0o777 == 0o600
    assert {path} == set(path.parent.iterdir())


def test_no_file_where_there_is_nothing_to_grade(path):
    saved(path, [])
    assert not path.exists()


def test_a_file_that_says_it_all_stays_as_its_spreadsheet_saved_it(path):
    text = resaved(written(), ";", "\n", comma=True)
    path.write_text(text)
    (path.parent / ".~lock.manual.csv#").touch()
    saved(path, list(reversed(ROWS)))
    assert path.read_text() == text


def test_what_changes_is_written_in_the_files_own_way_and_the_old_one_kept(path):
    text = resaved(written(), ";", comma=True)
    path.write_bytes(text.encode())
    saved(path, [*ROWS, ManualRow("new", "why", possible="0.5")])
    assert '"ada";"why";"";"2";"1,5"' in path.read_text(encoding="utf-8")
    assert '"new";"why";"";"0,5";""' in path.read_text(encoding="utf-8")
    assert (path.parent / "manual.csv~").read_bytes() == text.encode()


@pytest.mark.parametrize("harm", ["open", "read-only", "changed", "appeared", "link"])
def test_somebody_elses_file_is_not_overwritten(path, monkeypatch, harm):
    path.write_bytes(written().encode())
    sheet = Sheet() if harm == "appeared" else read_sheet(path, ASSIGNMENT)
    if harm == "open":
        (path.parent / ".~lock.manual.csv#").touch()
    elif harm == "read-only":
        monkeypatch.setattr(manual_csv.os, "access", lambda file, mode: mode != os.W_OK)
    elif harm == "link":
        path.rename(path.with_name("elsewhere.csv"))
        path.symlink_to("elsewhere.csv")
    elif harm == "changed":
        path.write_bytes(path.read_bytes().replace(b"1.5", b"1.0"))
    before = path.read_bytes()
    said = {"open": "open in LibreOffice", "read-only": "read-only", "changed": "saved by", "appeared": "saved by"}
    said["link"] = "is a link"
    with pytest.raises(UsageError, match=said[harm]):
        saved(path, ROWS[:1], sheet)
    assert path.read_bytes() == before


def test_an_answer_that_begins_as_a_proposal_does_takes_no_accept(path):
    """A written answer is the student's own text; nothing is proposed for it."""
    row = ManualRow("ada", "why", "", answer="Proposed: 2 of 2. Accept it.", accept=True)
    path.write_bytes(written([row]).encode())
    with pytest.raises(UsageError, match=r"`points` must be a number from 0 to 2 \(got `accept`\)"):
        read_sheet(path, ASSIGNMENT)


def test_a_folder_or_a_monster_in_its_place(path, monkeypatch):
    path.mkdir()
    with pytest.raises(UsageError, match="is not a file"):
        read_sheet(path, ASSIGNMENT)
    path.rmdir()
    path.write_text(written())
    monkeypatch.setattr(manual_csv, "MAX_FILE", 10)
    with pytest.raises(UsageError, match="more than"):
        read_sheet(path, ASSIGNMENT)
