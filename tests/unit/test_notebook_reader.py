"""Reading one notebook: what nbformat reads is read the same, what nobody can read says why, and nothing runs away."""

from __future__ import annotations

import json
import re
import tracemalloc

import nbformat
import pytest

from autograder.errors import IntakeError
from autograder.grading.intake.notebook_reader import MAX_CELLS, MAX_PICTURES, MAX_SOURCE, answers, parse
from autograder.records import Cell


def notebook(*cells, **top):
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": list(cells),
    } | top


def code(source="x = 1", **fields):
    cell = {"cell_type": "code", "id": "a", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
    return cell | fields


def tagged(*tags):
    return code(metadata={"tags": list(tags)})


def encoded(value):
    return json.dumps(value).encode()


def problem(data):
    with pytest.raises(IntakeError) as error:
        parse(data if isinstance(data, bytes) else encoded(data))
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


V3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["The\n", "network"]},
                {"cell_type": "markdown", "metadata": {"tags": ["answer:why"]}, "source": "because"},
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": ["x = 1\n", "y = 2"],
                    "language": "python",
                    "metadata": {"tags": ["answer:train"]},
                    "outputs": [{"output_type": "stream", "stream": "stdout", "text": "hi"}],
                    "prompt_number": 3,
                },
                {"cell_type": "raw", "metadata": {}, "source": "raw"},
                {"cell_type": "html", "metadata": {}, "source": "<b>b</b>"},
            ]
        },
        {"cells": [{"cell_type": "code", "input": "z = 3", "language": "python", "metadata": {}, "outputs": []}]},
    ],
}

V4_CELLS = [
    {
        "cell_type": "markdown",
        "metadata": {},
        "source": ["# Title\n", "text"],
        "attachments": {"a.png": {"image/png": "x"}},
    },
    {"cell_type": "code", "metadata": {"tags": ["answer:train", "other"]}, "source": "x = 'ü😀'", "outputs": []},
    {
        "cell_type": "code",
        "metadata": {},
        "source": ["print(\n", "1)"],
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}],
        "execution_count": 7,
    },
    {"cell_type": "raw", "metadata": {}, "source": ""},
]


@pytest.mark.parametrize(
    "document",
    [
        V3,
        *(
            {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": json.loads(json.dumps(V4_CELLS))}
            for minor in range(6)
        ),
    ],
    ids=["3", "4.0", "4.1", "4.2", "4.3", "4.4", "4.5"],
)
def test_reads_every_format_as_nbformat_does(document):
    for cell in document.get("cells", []):
        if document["nbformat_minor"] == 5:
            cell["id"] = "id-" + str(len(str(cell)))
        if cell["cell_type"] == "code":
            cell.setdefault("execution_count", None)
    expected = nbformat.reads(json.dumps(document), as_version=4)

    read = parse(encoded(document))

    assert [(cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ()))) for cell in expected.cells] == [
        (cell.kind, cell.source, cell.tags) for cell in read.cells
    ]
    assert read.warnings == ()


def test_outputs_and_counts_of_the_student_are_dropped():
    data = encoded(
        notebook(code(execution_count=3, outputs=[{"output_type": "stream", "name": "stdout", "text": "x"}]))
    )
    assert (Cell("code", "x = 1"),) == parse(data).cells


@pytest.mark.parametrize(
    "document",
    [
        {"cells": [{"cell_type": "code", "source": "x = 1"}]},
        notebook(code(id="not a valid id!"), nbformat_minor=5),
        notebook(code(id=7)),
        notebook(code(metadata=None)),
        notebook(code(metadata=[1, 2])),
        notebook(code(outputs="none")),
        notebook(code(), metadata=7),
        notebook(code(), nbformat="4"),
        notebook(code(), nbformat=None, nbformat_minor=None),
        notebook(code(), nbformat_minor=99, more={"x": [1]}),
        {"nbformat": 3, "cells": [code()]},
        {"nbformat": 3, "cells": [code("x = 2")], "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]},
        {"nbformat": 4, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]},
    ],
)
def test_reads_a_notebook_whose_faults_lose_nothing(document):
    assert (Cell("code", "x = 1"),) == parse(encoded(document)).cells


@pytest.mark.parametrize(
    ("cell", "expected", "warning"),
    [
        (code(source=5), Cell("code", ""), "The text of code cell 2 is a number"),
        (code(source=["x", 5]), Cell("code", ""), "The text of code cell 2 is a list"),
        (code(source={"a": 1}), Cell("code", ""), "The text of code cell 2 is an object"),
        (None, Cell("raw", ""), "Raw cell 1 is not a cell (null)"),
        (["code"], Cell("raw", ""), "Raw cell 1 is not a cell (a list)"),
        (code(cell_type="Code"), Cell("raw", "x = 1"), "Raw cell 1 does not say whether it is code or text"),
        ({"source": "x = 1"}, Cell("raw", "x = 1"), "Raw cell 1 does not say"),
        (code(cell_type=4), Cell("raw", "x = 1"), "Raw cell 1 does not say"),
        (code("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b"), None, "Code cell 2 holds Git conflict markers"),
    ],
)
def test_an_unclear_cell_is_not_run_and_the_student_is_warned(cell, expected, warning):
    read = parse(encoded(notebook(code("a"), cell, code("b"))))
    assert [read.cells[0].source, read.cells[2].source] == ["a", "b"]
    if expected:
        assert expected == read.cells[1]
    (message,) = read.warnings
    assert message.startswith(warning)


def test_many_odd_cells_give_few_warnings():
    warnings = parse(encoded(notebook(code(), *[None] * 500))).warnings
    assert len(warnings) == 11
    assert warnings[-1] == "490 more cells like these."


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["answer:a", "answer:a", " answer:b "], ("answer:a", "answer:b")),
        ("answer:a", ("answer:a",)),
        (["answer:a", 7, None, ["x"], ""], ("answer:a",)),
        (["x" * 101, "y" * 100], ("y" * 100,)),
        ([f"t{i}" for i in range(60)], tuple(f"t{i}" for i in range(50))),
        ([f"t{i}" for i in range(20_000)], ()),
        ({"answer:a": 1}, ()),
        (None, ()),
    ],
)
def test_tags_are_bounded_strings(tags, expected):
    assert expected == parse(encoded(notebook(code(metadata={"tags": tags})))).cells[0].tags


def test_answers_names_questions_once():
    cells = parse(encoded(notebook(tagged("answer:a"), tagged("answer:a", "answer:b"), tagged("x", "answer:")))).cells
    assert {"a", "b"} == answers(cells)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The file is empty (0 bytes)"),
        (b" \r\n\0\0", "The file is empty (5 bytes)"),
        (b"[1, 2]", "not a notebook: expected an object, received a list"),
        (b"42", "received a number"),
        (b"NaN", "received null"),
        (b'"x"', "received a string"),
        (b"{}", "it has no list of cells"),
        (b'{"cells": {}}', "it has no list of cells"),
        (b'{"cells": 3, "nbformat": 4}', "it has no list of cells"),
        (b'{"cells": []}', "The notebook has no cells"),
        (b'{"nbformat": 3, "worksheets": []}', "The notebook has no cells"),
        (b'{"nbformat": 3, "worksheets": [{}, 4, {"cells": 5}]}', "The notebook has no cells"),
        (b'{"nbformat": 5, "cells": []}', "has format 5"),
        (b'{"nbformat": 2, "worksheets": []}', "has format 2"),  # joins its lines in another way
        (b"import keras\nmodel = 1\n", "line 1, column 1 is not"),
        (b'{"cells": [}', "line 1, column 12 is not"),
        (b'{"cells": [1, 2', "ends in the middle (line 1)"),
        (b'{"nbformat": 4,\n "cells": [{"cell_type": "code", "sou', "ends in the middle (line 2)"),
        (b"%PDF-1.7 ...", "begins like a PDF"),
        (b"PK\x03\x04....", "begins like a zip archive"),
        (b"\n <!DOCTYPE html><html>", "begins like a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"[" * 100_000, "received a list"),
        (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"x": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b', "cells": []}', "nested too deeply"),
        (b'{"x": NaN, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"x": NaN, "y": ' + b"9" * 5_000 + b"}", "a number in it is too long"),
        (b'{"x": NaN, "y": [' + b"1," * 2_000_001 + b"1]}", "too large to repair"),
    ],
)
def test_what_is_no_notebook_says_what_it_is(data, says):
    assert says in problem(data)


def test_conflict_markers_are_named():
    ours = json.dumps(notebook(code()), indent=1).splitlines()
    data = "\n".join([*ours[:5], "<<<<<<< HEAD", '  "a",', "=======", '  "b",', ">>>>>>> topic", *ours[5:]])
    assert "unresolved Git conflict markers" in problem(data.encode())
    assert "unresolved Git conflict markers" in problem(data.replace("\n", "\r\n").encode())


def test_conflict_markers_are_searched_in_linear_time():
    assert "expected JSON" in problem(b"<<<<<<< \n" * 200_000)


@pytest.mark.parametrize("text_cells", [1, 3])
def test_a_notebook_without_code_is_refused_unless_its_text_answers(text_cells):
    text = [{"cell_type": "markdown", "source": "hello"}] * text_cells
    assert f"received {text_cells} text cell" in problem(notebook(*text))
    read = parse(
        encoded(notebook(*text, {"cell_type": "markdown", "source": "x", "metadata": {"tags": ["answer:why"]}}))
    )
    assert read.cells[-1].source == "x"
    assert "no code cell" in read.warnings[0]


@pytest.mark.parametrize(
    "metadata",
    [
        {"language_info": {"name": "R"}},
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
        {"kernelspec": {"language": "julia"}, "language_info": {"name": "julia"}},
    ],
)
def test_another_language_is_refused(metadata):
    assert re.search(r"language is (R|julia);", problem(notebook(code(), metadata=metadata)))


def test_a_hostile_language_stays_one_short_line():
    text = problem(notebook(code(), metadata={"language_info": {"name": "<b>\n\u202eR" * 1000}}))
    assert len(text) < 300
    assert "<" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"language_info": {"name": "python", "version": "3.12"}},
        {"language_info": {"name": "ipython"}},
        {"kernelspec": {"language": "Python3"}},
        {"kernelspec": {"language": "R"}, "language_info": {"name": "python"}},
        {"language_info": None, "kernelspec": "python3"},
        {"language_info": {"name": 3}},
    ],
)
def test_python_and_unknown_languages_are_read(metadata):
    assert len(parse(encoded(notebook(code(), metadata=metadata))).cells) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_reads_other_unicode_encodings(encoding):
    data = json.dumps(notebook(code("x = 'ü😀'")), ensure_ascii=False).encode(encoding)
    read = parse(data)
    assert read.cells[0].source == "x = 'ü😀'"
    assert read.warnings == ()


def test_latin1_is_read_with_a_warning():
    read = parse(json.dumps(notebook(code("# größe")), ensure_ascii=False).encode("latin-1"))
    assert read.cells[0].source == "# größe"
    assert "windows-1252" in read.warnings[0]


def test_damaged_utf8_keeps_its_good_letters():
    read = parse(json.dumps(notebook(code("# größe |")), ensure_ascii=False).encode().replace(b"|", b"\xff"))
    assert read.cells[0].source == "# größe \ufffd"
    assert "utf-8" in read.warnings[0]


@pytest.mark.parametrize("source", ["a\ud800b", "a\udc00b"])
def test_lone_surrogates_cannot_break_later_encodings(source):
    read = parse(encoded(notebook(code(source))))
    assert read.cells[0].source == "a\ufffdb"
    read.cells[0].source.encode()


def test_a_surrogate_pair_is_a_character():
    assert parse(encoded(notebook(code("😀")))).cells[0].source == "😀"


def pasted(**attachments):
    return {"cell_type": "markdown", "source": "![x](attachment:x.png)", "attachments": attachments}


def test_pictures_pasted_into_a_text_are_kept():
    cell = pasted(**{"x.png": {"image/png": "AAAA"}, "y.svg": {"image/svg+xml": "<svg>"}, "z": {"image/jpeg": 5}})
    assert parse(encoded(notebook(cell, code()))).cells[0].attachments == {"x.png": "data:image/png;base64,AAAA"}
    assert parse(encoded(notebook({**cell, "attachments": [1]}, code()))).cells[0].attachments == {}
    assert parse(encoded(notebook({**cell, "cell_type": "code"}))).cells[0].attachments == {}


def test_pictures_pasted_into_texts_are_bounded():
    large = {"image/png": "A" * (MAX_PICTURES // 2)}
    read = parse(encoded(notebook(*[pasted(x=large)] * 3, code())))
    assert [len(cell.attachments) for cell in read.cells] == [1, 0, 0, 0]
    assert read.warnings[0] == "The pictures in text cell 2 are left out: there are too many, or too large ones."
    many = pasted(**{f"x{number}": {"image/png": "AAAA"} for number in range(1_000)})
    assert parse(encoded(notebook(many, code()))).cells[0].attachments == {}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", '"line\nbreak"', '"\\ud800"'])
def test_outputs_that_strict_json_refuses_do_no_harm(value):
    data = json.dumps(notebook(code(outputs=["@"]))).replace('"@"', value).encode()
    assert (Cell("code", "x = 1"),) == parse(data).cells


def test_source_length_is_bounded():
    assert len(parse(encoded(notebook(code("x" * MAX_SOURCE)))).cells[0].source) == MAX_SOURCE
    assert "Code cell 2 has 1,048,577 characters" in problem(notebook(code(), code("x" * (MAX_SOURCE + 1))))
    read = parse(encoded(notebook(code(), {"cell_type": "markdown", "source": "y" * (MAX_SOURCE + 1)})))
    assert read.cells[1].source == "y" * MAX_SOURCE
    assert "Text cell 1 is longer" in read.warnings[0]


def test_the_number_of_cells_is_bounded():
    assert len(parse(encoded(notebook(*[code()] * MAX_CELLS))).cells) == MAX_CELLS
    assert "more than 2,000 cells" in problem(notebook(*[code()] * (MAX_CELLS + 1)))
    halves = {"nbformat": 3, "worksheets": [{"cells": [code()] * 1001}, {"cells": [code()] * 1001}]}
    assert "more than 2,000 cells" in problem(halves)


def test_a_heading_of_any_level_stays_small():
    cells = [{"cell_type": "heading", "level": level, "source": "t"} for level in (10**9, -3, "x", 1e300)]
    read = parse(encoded({"nbformat": 3, "worksheets": [{"cells": [*cells, code()]}]}))
    assert [cell.source for cell in read.cells[:4]] == ["###### t", "# t", "# t", "# t"]


@pytest.mark.parametrize(
    "bomb",
    [
        b'{"x": [' + b"[]," * 5_000_000 + b'[]], "cells": [{"cell_type": "code", "source": "x"}]}',
        b'{"cells": [{"cell_type": "code", "source": "x", "outputs": [' + b"{}," * 5_000_000 + b"{}]}]}",
        b'{"cells": [{"cell_type": "code", "source": "x", "metadata": {"x": [' + b"0.5," * 4_000_000 + b"1]}}]}",
        b'{"cells": [' + b"{}," * 5_000_000 + b"{}]}",
        b'{"cells": [{"cell_type": "code", "source": [' + b"[]," * 5_000_000 + b"[]]}]}",
        b'{"cells": [{"cell_type": "code", "source": "x", "outputs": ["' + b"A" * 50_000_000 + b'"]}]}',
    ],
    ids=["top", "outputs", "metadata", "cells", "source", "50-MB-output"],
)
def test_memory_does_not_grow_with_what_is_not_needed(bomb):
    tracemalloc.start()
    try:
        try:
            parse(bomb)
        except IntakeError as error:
            assert "more than 2,000 cells" in str(error)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 + len(bomb) // 4


def test_repairing_a_notebook_leaves_its_outputs_behind():
    data = json.dumps(notebook(code(outputs=[1.5, "A" * 20_000_000]))).replace("1.5", "NaN").encode()
    tracemalloc.start()
    try:
        assert parse(data).cells == (Cell("code", "x = 1"),)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * len(data)
