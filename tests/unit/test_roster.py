"""Ids that are safe everywhere, and class lists as spreadsheets write them."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import UsageError
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.roster import match, read_roster
from autograder.grading.intake.student_ids import distinct, same_student, student_id

HOSTILE = [
    "",
    "ada",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\x",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    ".hidden",
    "CON",
    "con.tar.gz",
    "nul .txt",
    "LPT1",
    "com0",
    "a\u202egnp.exe",
    "a\u200b\u200db",
    "e\u200d\u0301",
    "<script>alert(1)</script>",
    "a\0b",
    "\ud800ada",
    "x" * 1000,
    "😀" * 10,
    "ꙮ" * 300,
    "́" * 200,
    "con." + "x" * 200,
    "ada\u2028bob",
    "Zoë Müller",
    "李雷",
    "नेहा",
    "ada ",
    "ada.",
    " - ",
    "--a--",
]


def is_safe(student):
    assert student
    assert len(student) <= 100
    assert len(student.encode()) <= 200
    assert student == unicodedata.normalize("NFC", student)
    assert student[0] not in "=+-@. \t\r\n"
    assert student[-1] not in ". "
    for character in student:
        assert unicodedata.category(character)[0] in "LM" or character.isdecimal() or character in "._@-, "
    assert student.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "COM0"}
    return True


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_is_a_safe_file_name_and_cell(name):
    student = student_id(name)
    assert is_safe(student)
    assert student == student_id(student)


ODD = "aAzé e\u0301\u0301 ..--__@@=+\\/:<\u202e\u200d\u2028\n\0ßİ١२李😀²" + "".join(map(chr, range(0xD7FE, 0xD802)))


@settings(max_examples=500)
@given(st.text(ODD, max_size=120) | st.text(st.characters(), max_size=120))
def test_an_id_of_any_name_is_safe_and_stays_what_it_is(name):
    assert is_safe(student_id(name))
    assert student_id(name) == student_id(student_id(name))


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ada", "ada"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("ada@uni.ch", "ada@uni.ch"),
        ("Müller, Zoë-Anna", "Müller, Zoë-Anna"),
        (",=Müller,", "Müller"),
        ("Mu\u0308ller", "Müller"),
        ("李雷", "李雷"),
        ("नेहा", "नेहा"),
        ("=cmd|' /C calc'!A0", "cmd- -C calc-A0"),
        ("../../x", "x"),
        ("CON", "student-CON"),
        ("console", "console"),
        ("a\u202eb", "ab"),
        ("a<b>", "a-b"),
        ("", "student"),
        ("!!!", "student"),
    ],
)
def test_an_id_stays_readable(name, student):
    assert student == student_id(name)


def test_distinct_ids_keep_names_that_do_not_clash():
    assert distinct([("ada", "x"), ("bob", "y")]) == ["ada", "bob"]


def test_an_lms_number_tells_namesakes_apart():
    assert distinct([("Kim Lee", "12"), ("Bo", "9"), ("Kim Lee", "34")]) == ["Kim Lee-12", "Bo", "Kim Lee-34"]


def test_a_clean_name_is_not_taken_by_one_that_only_cleans_to_it():
    ada, other = distinct([("ada", "ada"), ("=ada", "=ada")])
    assert ada == "ada"
    assert other.startswith("ada-")


def test_ids_that_differ_in_case_alone_are_distinguished():
    ids = distinct([("Ada", "Ada"), ("ada", "ada"), ("ADA", "ADA")])
    assert len({same_student(student) for student in ids}) == 3
    assert all(student.lower().startswith("ada-") for student in ids)


def test_ids_do_not_depend_on_the_order():
    names = [("Ada", "1"), ("ada", "a/b"), ("=ada", "c"), ("ada-1", "d"), ("x" * 300, "e"), ("x" * 301, "f")]
    expected = dict(zip(names, distinct(names), strict=True))
    for order in itertools.islice(itertools.permutations(names), 0, 720, 7):
        assert expected == dict(zip(order, distinct(order), strict=True))


def test_ids_are_distinct_and_safe_whatever_the_names():
    names = [(name, f"{name}{n}") for name in HOSTILE for n in ("1", "/")] + [
        ("x" * 99 + "- " * n, str(n)) for n in range(9)
    ]
    ids = distinct(names)
    assert len(names) == len({same_student(student) for student in ids})
    for student in ids:
        assert is_safe(student)
        assert student == student_id(student)


def roster(tmp_path, data):
    path = tmp_path / "class.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_roster(path)


@pytest.mark.parametrize(
    "data",
    [
        "student\nada\nbob\n",
        "student,email\nada,ada@uni.ch\nbob,b@uni.ch\n",
        "Name;Student;Mail\nAda L;ada;a@x\nBob;bob;b@x",
        'name\tSTUDENT\r\n"Ada, L"\tada\r\nBob\tbob\r\n',
        "\n\n student , x\nada,1\n , \nbob,2\n\n",
        "sep=;\nstudent;x\nada;1\nbob;2\n",
        "id,username\nada,1\nbob,2\n",
        "section,login\nA,ada\nA,bob\n",
        "student,id\nada,1\nbob,2\n",
        "student\nada\nbob\n".encode("utf-8-sig"),
        "student\nada\nbob\n".encode("utf-16"),
    ],
)
def test_reads_the_dialects_of_spreadsheets(tmp_path, data):
    assert roster(tmp_path, data).students == ("ada", "bob")


def test_names_become_ids_and_emails_are_kept(tmp_path):
    data = "student;email\nZoë Müller;zoe@uni.ch\n=bob;\n"
    for encoding in ("utf-8", "windows-1252"):
        read = roster(tmp_path, data.encode(encoding))
        assert read.students == ("Zoë Müller", "bob")
        assert read.emails == {"Zoë Müller": "zoe@uni.ch"}


def test_an_email_column_alone_names_the_students(tmp_path):
    assert roster(tmp_path, "section,E-Mail\nA,ada@uni.ch\n").students == ("ada@uni.ch",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "is empty"),
        ("\n ,\n", "is empty"),
        ("student\n", "has a header but no student"),
        ("nickname,age\nada,3\n", "no column `student`: its header is `nickname`, `age`"),
        ("student\nada\nADA\n", "line 3: ADA is there already, in line 2"),
        ("student\nada\n\nada\n", "line 4: ada is there already, in line 2"),
        ("name,student\nAda,ada\nBob\n", "line 3: no student in column `student`"),
        ("name,student\nAda,ada\nBob, \n", "line 3: no student"),
        ('student\n"' + "x" * 200_000, "not a CSV"),
        ("student\nada\n".encode("utf-16-le"), "UTF-16 without its mark. Save it as `CSV UTF-8`"),
        ("student\nada\n".encode("utf-16-be"), "UTF-16 without its mark"),
        (b"student\n" + b"ada%d\n" * 2_000_000, "has more than 10 MB"),
    ],
)
def test_an_unusable_roster_is_one_line(tmp_path, data, says):
    with pytest.raises(UsageError) as error:
        roster(tmp_path, data)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_roster_that_is_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UsageError, match="is not a file"):
            read_roster(path)


def matched(tmp_path, listed, students):
    return match(roster(tmp_path, listed), students)


def test_match_goes_from_exact_to_any_case_to_email_name(tmp_path):
    listed = "student,email\nada,\nBob,\n17-2,Cleo.X@uni.ch\ndan@uni.ch,\neve,\n"
    result = matched(tmp_path, listed, ["ada", "bob", "cleo.x", "dan", "zed"])
    assert result.found == {"ada": "ada", "bob": "Bob", "cleo.x": "17-2", "dan": "dan@uni.ch"}
    assert result.missing == ("eve",)
    assert result.unknown == ("zed",)


def test_an_exact_match_is_not_taken_by_a_looser_one(tmp_path):
    result = matched(tmp_path, "student,email\nada,bob@x\nbob,ada@x\n", ["bob", "ADA", "ada"])
    assert result.found == {"ada": "ada", "bob": "bob"}
    assert result.unknown == ("ADA",)


def test_who_cannot_be_distinguished_is_not_guessed(tmp_path):
    result = matched(tmp_path, "student\nada@a.ch\nada@b.ch\nbob@a.ch\n", ["ada", "bob@x", "bob@y"])
    assert result.found == {}
    assert result.missing == ("ada@a.ch", "ada@b.ch", "bob@a.ch")
    assert result.unknown == ("ada", "bob@x", "bob@y")


EXPORTED = {
    "Moodle's worksheet": (
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade\n"
        "Participant 11,Ada Lovelace,m-1,ada@x,-,,10\nParticipant 12,Seán O'Casey,m-2,sean@x,-,,10\n",
        {"Ada Lovelace": "Ada Lovelace", "Seán O-Casey": "Seán O'Casey"},
    ),
    "Moodle's participants, in German": (
        "Vorname;Nachname;Matrikelnummer;E-Mail-Adresse\nAda;Lovelace;m-1;ada@x\nAda;Lovelace;m-3;a@x\n",
        {"Ada Lovelace-a5ae50": "Ada Lovelace", "Ada Lovelace-7d1a28": "Ada Lovelace"},
    ),
    "Canvas' gradebook": (
        "Student,ID,SIS User ID,SIS Login ID,Section,CNN (77)\n    Points Possible,,,,,10\n"
        '"Lovelace, Ada",11,m-1,ada,A,\n"du Châtelet, Émilie",12,m-4,emilie,A,\n"Student, Test",13,,x,A,\n',
        {"Lovelace, Ada": "Lovelace, Ada", "du Châtelet, Émilie": "du Châtelet, Émilie"},
    ),
    "Gradescope's roster": (
        "First Name,Last Name,SID,Email,Sections\nAda,Lovelace,m-1,ada@x,A\n",
        {"Ada Lovelace": "Ada Lovelace"},
    ),
    "GitHub Classroom's roster": (
        "identifier,github_username,github_id,name\nada@x,adal,9,Ada Lovelace\nbob@x,bobb,8,\n",
        {"Ada Lovelace": "Ada Lovelace", "bob@x": "bob@x"},
    ),
    "Google Classroom's list": (
        "Last Name,First Name,Email Address\nLovelace,Ada,ada@x\n",
        {"Ada Lovelace": "Ada Lovelace"},
    ),
}


@pytest.mark.parametrize("system", EXPORTED)
def test_class_lists_as_systems_export_them(tmp_path, system):
    text, names = EXPORTED[system]
    assert set(roster(tmp_path, text).names.values()) == set(names.values())
    assert len(roster(tmp_path, text).students) == len(names)


@pytest.mark.parametrize(
    ("system", "owners"),
    [
        ("Moodle's worksheet", {"Ada Lovelace": Owner("Ada Lovelace", "11"), "x": Owner("Anonymous", "12")}),
        (
            "Canvas' gradebook",
            {"lovelaceada": Owner("lovelaceada", "11"), "duchâteletémilie": Owner("duchâteletémilie")},
        ),
        ("Gradescope's roster", {"someone": Owner("Somebody", "", "ADA@x")}),
        ("GitHub Classroom's roster", {"adal": Owner("adal", "adal"), "bobb": Owner("bobb", "bobb")}),
    ],
)
def test_people_are_found_on_a_list_by_what_the_download_says(tmp_path, system, owners):
    listed = roster(tmp_path, EXPORTED[system][0])
    found = match(listed, owners, owners)
    assert set(found.found) == set(owners)
    assert not found.unknown


def test_numbers_distinguish_namesakes(tmp_path):
    listed = roster(tmp_path, EXPORTED["Moodle's participants, in German"][0])
    owners = {"a": Owner("Ada Lovelace", "m-3"), "b": Owner("Ada Lovelace", "m-1")}
    found = match(listed, owners, owners).found
    assert {listed.emails[found["a"]], listed.emails[found["b"]]} == {"ada@x", "a@x"}
    assert listed.emails[found["b"]] == "ada@x"


def test_namesakes_have_ids_of_what_each_has_alone(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("name,id,username\n" + "".join(f"Kim,{number},0\n" for number in range(1, 6)))
    assert read_roster(path).students == ("Kim-1", "Kim-2", "Kim-3", "Kim-4", "Kim-5")


def test_a_number_of_one_and_the_name_of_another_is_not_guessed(tmp_path):
    listed = roster(tmp_path, 'id,name\n12,Bob Moore\n7,"Lovelace, Ada"\n9,Zoë M. Müller\n8,Zoë Müller\n')
    owners = {"Ada Lovelace": Owner("Ada Lovelace", "12")}
    found = match(listed, ["Ada Lovelace"], owners)
    assert (found.found, found.unknown) == ({}, ("Ada Lovelace",))
    owners = {"Bobby": Owner("Bobby", "12"), "x": Owner("Zoë Müller", "9")}
    assert match(listed, owners, owners).found == {"Bobby": "Bob Moore", "x": "Zoë M. Müller"}


@pytest.mark.parametrize("number", ["Participant 11", "Teilnehmer/in11", "Teilnehmer*in11", "Participante 11"])
def test_a_number_of_the_lists_own_system_decides_and_no_name(tmp_path, number):
    listed = roster(tmp_path, f"Identifier,Full name\n{number},Kim Lee\n")
    assert listed.system == "Moodle"
    owners = {"a": Owner("Kim Lee", "11"), "b": Owner("Kim Lee", "99")}
    found = match(listed, owners, owners, numbered=["a", "b"])
    assert (found.found, found.unknown) == ({"a": "Kim Lee"}, ("b",))
    alone = match(listed, ["b"], owners, numbered=["b"])
    assert (alone.found, alone.missing) == ({}, ("Kim Lee",))


def test_what_a_submission_is_called_gives_it_no_number_of_a_row(tmp_path):
    listed = roster(tmp_path, "student,Identifier,Full name\nada,Participant 7,Ada Lovelace\n")
    owners = {"ada": Owner("ada", "99")}
    found = match(listed, owners, owners, numbered=["ada"])
    assert (found.found, found.missing, found.unknown) == ({}, ("ada",), ("ada",))


def test_logins_in_a_column_student_are_found_beside_a_name(tmp_path):
    listed = roster(tmp_path, "student;name\nas103;Anna S\nas104;Anna S\n")
    owners = {"x": Owner("Anna S", "as104"), "y": Owner("Anna S", "as103")}
    assert match(listed, owners, owners).found == {"x": "as104", "y": "as103"}


def test_a_row_of_canvas_that_is_no_student(tmp_path):
    text = 'Student,ID,SIS Login ID,Section,CNN (7)\n,,,,Manual Posting\n"L, Ada",1,ada,A,\n'
    assert roster(tmp_path, text).students == ("L, Ada",)
