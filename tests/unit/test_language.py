"""The catalogue of messages belongs to the sources, and languages do not mix."""

from __future__ import annotations

import ast
import gettext as catalogues
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from autograder import expect
from autograder.grading.execution import causes
from autograder.language import LANGUAGES, gettext, in_language, ngettext, spellings
from autograder.sandbox.host import endings
from autograder.wording import parted_at_error, raised

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import catalogue  # noqa: E402

each_catalogue = pytest.mark.parametrize("path", catalogue.CATALOGUES, ids=lambda path: path.parents[1].name)


def entries(of):
    return [(message.id, message.string) for message in of if message.id]


def test_there_is_a_catalogue_of_each_language_but_english():
    assert [path.parents[1].name for path in catalogue.CATALOGUES] == sorted({*LANGUAGES} - {"en"})


@each_catalogue
def test_a_catalogue_has_all_texts_and_no_others(path):
    committed = catalogue.read(path)
    assert entries(committed) == entries(catalogue.updated(committed)), "run `make catalogue`"


@each_catalogue
def test_all_is_translated_with_the_same_fields_and_code(path):
    assert list(catalogue.faults(catalogue.read(path))) == []


@each_catalogue
def test_what_gettext_reads_is_the_catalogue(path):
    with path.with_suffix(".mo").open("rb") as file:
        compiled = catalogues.GNUTranslations(file)
    for text, translated in entries(catalogue.read(path)):
        if isinstance(text, tuple):
            assert tuple(compiled.ngettext(*text, number) for number in (1, 2)) == translated
        else:
            assert compiled.gettext(text) == translated


@pytest.mark.parametrize(
    ("text", "translated", "fault"),
    [
        ("{name} is 3", "{name} ist 3", []),
        ("{name} is 3", "", ["not translated: {name} is 3"]),
        ("{name} is 3", "{nam} ist 3", ["other fields: {name} is 3"]),
        ("`{name}` is 3", "{name} ist 3", ["other code: `{name}` is 3"]),
        ("<b>{name}</b>", "<b>{name}<b>", []),
        ("<b>{name}</b>", "{name}", ["other code: <b>{name}</b>"]),
        (("{n} row", "{n} rows"), ("{n} Zeile", ""), ["not translated: {n} row"]),
    ],
)
def test_faults_of_translations_are_found(text, translated, fault):
    made = catalogue.Catalog(locale="de")
    made.add(text, translated)
    assert list(catalogue.faults(made)) == fault


def test_only_constants_are_looked_up():
    """A text that is made from values would be in no catalogue, and a choice of two would be read as one text."""
    wrong = []
    for path in (ROOT / "autograder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "N_", "ngettext")
            for text in node.args[: 1 + (node.func.id == "ngettext")] if called else ():
                constant = isinstance(text, ast.Constant) or (
                    node.func.id == "_" and isinstance(text, ast.Name | ast.Attribute | ast.Subscript)
                )
                wrong += [] if constant else [f"{path.name}:{node.lineno}"]
            if isinstance(node, ast.JoinedStr):  # in which Babel does not look
                inside = [each for each in ast.walk(node) if isinstance(each, ast.Call) and each.args]
                marked = [each for each in inside if getattr(each.func, "id", "") in ("_", "N_", "ngettext")]
                wrong += [f"{path.name}:{node.lineno}" for each in marked if isinstance(each.args[0], ast.Constant)]
    assert wrong == []


def test_a_text_is_in_the_language_of_the_block():
    assert gettext("Expected") == "Expected"
    with in_language("de"):
        assert gettext("Expected") == "Erwartet"
        assert gettext("{passed} of {total} checks passed").format(passed=1, total=3) == "1 von 3 Prüfungen bestanden"
        with in_language("en"):
            assert gettext("Expected") == "Expected"
    assert gettext("Expected") == "Expected"
    assert spellings("Expected") == ("Expected", "Erwartet")


def test_values_are_no_templates():
    with in_language("de"):
        named = gettext("Checks for {names}: run `grader.check(…)` with one of these names.").format(
            names="{passed} {0.x}"
        )
        assert "{passed} {0.x}" in named


def test_what_is_in_no_catalogue_stays_english():
    with in_language("de"):
        assert gettext("no such text as this: {x}").format(x=1) == "no such text as this: 1"
        assert ngettext("{number} such text", "{number} such texts", 0.5).format(number=0.5) == "0.5 such texts"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_function_raised_is_found_in_every_language(language):
    with in_language(language):
        said = raised("f(…)", "ValueError: `g` raised it")
    assert parted_at_error(said) == ("`f(…)", "ValueError: `g` raised it")
    assert parted_at_error("all is well") == ("all is well", "")


def test_checks_speak_the_language_of_the_block():
    with in_language("de"), pytest.raises(expect.Mismatch) as caught:
        expect.array([[1.0, 2.0], [3.0, 4.0]], [[1.0, 3.0], [2.0, 4.0]], name="w")
    assert str(caught.value) == (
        "`w` sollte ein Array (2, 2) sein, erhalten: eine Liste der Länge 2. "
        "Machen Sie ein Array daraus: `np.array(…)`."
    )
    with in_language("de"), pytest.raises(expect.Mismatch) as caught:
        expect.array(np.array([[1.0, 2.0], [3.0, 4.0]]), [[1.0, 3.0], [2.0, 4.0]], name="w")
    assert str(caught.value) == "`w` ist transponiert (`[0, 1]` ist 2, erwartet: 3)."


def test_threads_have_languages_of_their_own():
    together = Barrier(2)

    def said(language):
        with in_language(language):
            together.wait(20)  # both are in their blocks
            return gettext("Expected")

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(said, ("de", "en"))) == ["Erwartet", "Expected"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("part", "whole", "what"),
    [
        (causes._ONE_CELL, endings.OUT_OF_CPU, "one cell"),
        (causes._ALL_CELLS, endings.OUT_OF_CPU, "all cells together"),
        (causes._RAN_LONGER, endings.TIMED_OUT, ""),
        (causes._SLEPT, endings.ASLEEP, "one cell"),
    ],
)
def test_what_ended_a_cell_is_recognised_in_every_language(language, part, whole, what):
    with in_language(language):
        assert gettext(part) in gettext(whole).format(seconds=1, used=1, what=what and gettext(what))
