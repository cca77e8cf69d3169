"""The review page: who may open it, what a press writes, and that nothing which somebody else wrote is lost."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from rich.progress import Progress
from starlette.testclient import TestClient
from typer.testing import CliRunner

from autograder.cli import app
from autograder.commands import review
from autograder.errors import UsageError
from autograder.feedback.tables import sheet_csv
from autograder.grading.results import hand_grading, manual_csv
from autograder.grading.results.output_folder import OutputFolder
from autograder.grading.results.staged_report import locked
from autograder.publishing import publish
from autograder.records import Execution
from autograder.review import decisions as deciding
from autograder.review.decisions import Decisions
from autograder.review.rubric_items import RubricItem, rubric_items
from autograder.review.web_application import application
from tests.reviewed import ANSWERS, edit, graded, table, write_class

TOKEN = "a-token"


@pytest.fixture
def out(tmp_path):
    return write_class(tmp_path / "out")


def window(out, **options):
    """A client of a server of its own: what it knows, it has read from the folder."""
    address = "http://127.0.0.1:8000"
    return TestClient(application(Decisions(out, **options), TOKEN, 8000), base_url=address, follow_redirects=False)


def places(client):
    """The addresses of all answers, by part."""
    parts = sorted(set(re.findall(rf"/{TOKEN}/(\d+)/\"", client.get(f"/{TOKEN}/").text)))
    pattern = rf"/{TOKEN}/\d+/[0-9a-f]{{16}}"
    return {int(part): sorted(set(re.findall(pattern, client.get(f"/{TOKEN}/{part}/").text))) for part in parts}


def place(client, text):
    """The address of the answer whose page has a text, to the last question where several have it."""
    return [each for of_part in places(client).values() for each in of_part if text in answer(client, each)][-1]


def answer(client, address):
    page = client.get(address).text
    return page[page.index("<main") :]


def press(client, address, stamp=None, form=0, **fields):
    stamp = stamp or stamps(client, address)[form]
    return client.post(address, data={"stamp": stamp, **fields})


def stamps(client, address):
    return re.findall(r'name="stamp" value="(\w+)"', client.get(address).text)


def points(out, part="why"):
    return {student: row["points"] for (student, each), row in table(out).items() if each == part}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/a-toke/", {}),
        ("/b-token/", {}),
        ("/review.js", {}),
        ("//a-token/", {}),
        (f"/{TOKEN}/", {"host": "evil.example"}),
        (f"/{TOKEN}/", {"host": "127.0.0.1:8001"}),
        (f"/{TOKEN}/", {"host": "127.0.0.1"}),
    ],
)
def test_who_has_not_the_token_or_names_another_host_gets_nothing(out, path, headers):
    response = window(out).get(path, headers=headers)
    assert (response.status_code, response.text) == (403, "Open the address that the command printed.")
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


def test_presses_need_the_token_and_a_page_of_ours(out):
    client = window(out)
    address, before = place(client, "No idea."), (out / "manual.csv").read_bytes()
    form = {"stamp": stamps(client, address)[0], "do": "full"}
    for path, headers in [
        (address.replace(TOKEN, "b-token"), {}),
        (address, {"sec-fetch-site": "cross-site"}),
        (address, {"sec-fetch-site": "same-site"}),  # a page of another port of this machine
        (address, {"host": "evil.example:8000"}),
        (address, {"origin": "http://127.0.0.1:8001"}),
        (address, {"origin": "null"}),
        (address, {"origin": "null", "sec-fetch-site": "cross-site"}),
    ]:
        assert client.post(path, data=form, headers=headers).status_code == 403
    assert client.get(address, headers={"sec-fetch-site": "cross-site"}).status_code == 200, "a link to the page"
    assert client.post(address, content=b"x" * 400_000).status_code == 413
    assert client.put(address, data=form, headers={"sec-fetch-site": "same-origin"}).status_code == 405
    assert (out / "manual.csv").read_bytes() == before
    for ours in ({}, {"origin": "http://127.0.0.1:8000"}, {"origin": "null"}):
        headers = {"sec-fetch-site": "same-origin", **ours}
        form["stamp"] = stamps(client, address)[0]
        assert client.post(address, data=form, headers=headers).status_code == 303


def test_pages_run_no_script_but_ours_and_name_nobody(out):
    client = window(out)
    pages = [f"/{TOKEN}/", *(f"/{TOKEN}/{part}/" for part in places(client))]
    pages += [each for of_part in places(client).values() for each in of_part]
    pages += sorted({each for page in pages for each in re.findall(rf"/{TOKEN}/student/[\w-]+", client.get(page).text)})
    assert len(pages) == 1 + 3 + 7 + 5
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200
        assert not any(student in response.text for student in ANSWERS), page
        assert "alert(1)" not in response.text or "&lt;script" in response.text
        policy = re.search(r'Security-Policy" content="([^"]+)"', response.text)[1].replace("&#39;", "'")
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        scripts = re.findall(r"<script[^>]*>", response.text)
        student = "/student/" in page
        assert scripts == ([] if student else [f'<script src="/{TOKEN}/review.js" defer>'])
        assert ("script-src 'self'" in policy) != student
        assert response.headers["content-security-policy"].endswith("frame-ancestors 'none'")
        assert response.headers["cache-control"] == "no-store"
    assert "htmx" in client.get(f"/{TOKEN}/review.js").text
    assert client.get(f"/{TOKEN}/student/adalovelace").status_code == 404


def test_names_where_they_are_wanted(out):
    client = window(out, named=True)
    page = client.get(place(client, "<strong>seven</strong>")).text
    assert "Equal answers of 2 students, of which this is one: <bdi>adalovelace, bobross</bdi>" in page
    assert client.get(f"/{TOKEN}/student/adalovelace").status_code == 200
    assert not (out / "pseudonyms.json").exists()


def test_one_press_decides_equal_answers_and_is_in_the_file_at_once(out):
    client = window(out)
    address = place(client, "<strong>seven</strong>")
    assert press(client, address, do="item-1", comment="Well seen.\r\nProve it.").status_code == 303
    rows = table(out)
    for student in ("adalovelace", "bobross"):
        row = rows[student, "why"]
        assert (row["points"], row["comment"], row["items"]) == ("1", "Well seen.\nProve it.", "#1")
    assert press(client, address, do="item-2").status_code == 303
    assert points(out)["adalovelace"] == "1.5" and table(out)["bobross", "why"]["comment"].startswith("Well seen.")
    press(client, address, do="item-1")
    assert (points(out)["bobross"], table(out)["bobross", "why"]["items"]) == ("0.5", "#2")
    press(client, address, do="item-2")
    assert points(out)["bobross"] == "", "without items, nothing is decided"
    press(client, address, do="zero")
    assert points(out)["bobross"] == "0"
    press(client, address, do="full")
    assert 'aria-pressed="true"' not in answer(client, address)
    press(client, address, do="save", points="0,75")
    assert points(out)["bobross"] == "0.75"
    press(client, address, do="clear")
    assert (points(out)["bobross"], table(out)["bobross", "why"]["comment"]) == ("", "Well seen.\nProve it.")
    assert points(out)["cydcharisse"] == ""


def test_a_comment_may_have_8000_characters_of_any_script(out):
    client = window(out)
    address = place(client, "No idea.")
    assert press(client, address, do="zero", comment="\u4e2d" * 8_000).status_code == 303
    assert table(out)["cydcharisse", "why"]["comment"] == "\u4e2d" * 8_000
    refused = press(client, address, do="full", comment="x" * 8_001)
    assert refused.status_code == 409 and "A comment may have 8,000 characters (got 8,001)." in refused.text
    assert points(out)["cydcharisse"] == "0"


@pytest.mark.parametrize("written", ["2.5", "-1", "1e0", "two", "nan", "accept"])
def test_points_that_are_none_are_refused_and_stay_in_their_field(out, written):
    client = window(out)
    response = press(client, place(client, "No idea."), do="save", points=written, comment="Typed with care.")
    assert response.status_code == 409
    assert f"Points must be a number from 0 to 2 (got {written}). Nothing was saved." in response.text
    foot = response.text.split('class="foot"')[1]
    assert "Points must be" in foot and 'role="alert"' in foot, "beside the buttons"
    assert f'name="points" size="5" autocomplete="off" value="{written}"' in response.text
    assert "Typed with care.</textarea>" in response.text
    assert points(out)["cydcharisse"] == ""


def test_points_are_not_rounded_without_a_word(out):
    client = window(out)
    refused = press(client, place(client, "No idea."), do="save", points="1.125")
    assert "Points must be a number with two decimals at most (got 1.125). Nothing was saved." in refused.text
    assert points(out)["cydcharisse"] == ""
    assert press(client, place(client, "No idea."), do="save", points="1,500").status_code == 303
    assert points(out)["cydcharisse"] == "1.5"


@pytest.mark.parametrize("do", ["item-0", "item--1", "item-3", "item-" + "9" * 5_000, "item-1 ", "accept", "erase", ""])
def test_a_press_that_no_button_sends_changes_nothing(out, do):
    client = window(out)
    address = place(client, "No idea.")
    press(client, address, do="item-1", comment="Good.")
    before = (out / "manual.csv").read_bytes()
    response = press(client, address, do=do, comment="Other.")
    assert (response.status_code, response.text) == (400, "There is no such button.")
    (review,) = places(client)[0]
    assert press(client, review, do="full").status_code == 400, "a review has no points of its own"
    assert press(client, review, do="save", points="1").status_code == 303
    assert press(client, address, **{f"field{number}": "" for number in range(30)}).status_code == 400
    assert (out / "manual.csv").read_bytes() == before


def test_a_connection_that_ends_within_a_press_is_no_error(out):
    client = window(out)
    address, before = place(client, "No idea."), (out / "manual.csv").read_bytes()
    sent = [{"type": "http.request", "body": b"do=full&", "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return sent.pop(0)

    async def send(message):
        assert message["type"].startswith("http.response.")

    scope = {"type": "http", "method": "POST", "path": address, "query_string": b"", "root_path": ""}
    asyncio.run(client.app({**scope, "headers": [(b"host", b"127.0.0.1:8000")]}, receive, send))
    assert not sent and (out / "manual.csv").read_bytes() == before


def test_what_another_window_decided_is_not_overwritten(out):
    one, two = window(out), window(out)
    address = place(one, "No idea.")
    (seen,) = stamps(two, address)
    press(one, address, do="full", comment="From the first.")
    refused = press(two, address, stamp=seen, do="zero", comment="From the second.", points="", points_saved="")
    assert refused.status_code == 409
    assert "It was decided or changed elsewhere meanwhile." in refused.text
    assert "From the second.</textarea>" in refused.text and ">From the first.</blockquote>" in refused.text
    assert 'autocomplete="off" value="2"' in refused.text, "what was not typed is as it is saved now"
    row = table(out)["cydcharisse", "why"]
    assert (row["points"], row["comment"]) == ("2", "From the first.")
    assert press(two, address, do="zero").status_code == 303, "what is shown now may be changed"
    assert points(out)["cydcharisse"] == "0"


def test_what_another_program_wrote_is_seen_and_kept(out):
    client = window(out)
    address = place(client, "No idea.")
    (seen,) = stamps(client, address)
    edit(out, "cydcharisse", "why", points="0.5", comment="By hand.")
    assert press(client, address, stamp=seen, do="full").status_code == 409
    edit(out, "deedee", "why", points="1")
    assert press(client, address, do="item-1").status_code == 303
    assert points(out)["cydcharisse"] == "1" and points(out)["deedee"] == "1"
    assert table(out)["cydcharisse", "why"]["comment"] == "By hand."
    backup = (out / "manual.csv~").read_text(encoding="utf-8")
    assert "By hand." in backup and "#1" not in backup, "the file as the other program saved it"
    press(client, address, do="full")
    assert (out / "manual.csv~").read_text(encoding="utf-8") == backup


def test_a_file_that_is_saved_while_ours_is_written_stays(out, monkeypatch):
    client = window(out)
    address = place(client, "No idea.")
    real = deciding.sheet_csv

    def beside(*arguments):
        yield from real(*arguments)
        edit(out, "deedee", "why", points="1")

    monkeypatch.setattr(deciding, "sheet_csv", beside)
    refused = press(client, address, do="full")
    assert refused.status_code == 409 and "was saved by somebody else just now" in refused.text
    assert (points(out)["deedee"], points(out)["cydcharisse"]) == ("1", "")
    assert not list(out.glob("*.tmp")) and not list(out.glob(".*.tmp"))


def test_equal_answers_that_are_decided_differently_have_a_form_each(out):
    edit(out, "bobross", "why", points="0.5", comment="Half.")
    client = window(out)
    address = place(client, "<strong>seven</strong>")
    assert len(stamps(client, address)) == 2
    waits = next(form for form in range(2) if "To decide" in answer(client, address).split("<form")[1 + form])
    press(client, address, form=waits, do="full")
    assert (points(out)["adalovelace"], points(out)["bobross"]) == ("2", "0.5")
    assert table(out)["bobross", "why"]["comment"] == "Half."


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("broken_file", "manual.csv, line 1: no column"),
        ("folder_in_use", "Another command is writing in"),
        ("file_is_open", "is open in LibreOffice. Save and close it there (or delete .~lock.manual.csv#), then try"),
    ],
)
def test_a_problem_is_shown_and_nothing_is_written(out, monkeypatch, problem, said):
    monkeypatch.setattr(deciding, "PATIENCE", 0)
    client = window(out)
    address = place(client, "No idea.")
    (seen,) = stamps(client, address)
    before = (out / "manual.csv").read_bytes()
    with globals()[problem](out) as there:
        response = press(client, address, stamp=seen, do="full", comment="Kept here.")
        assert (response.status_code, said in response.text) == (503 if problem == "broken_file" else 409, True)
        assert (out / "manual.csv").read_bytes() == there
    assert press(client, address, stamp=seen, do="full").status_code == 303
    assert before != (out / "manual.csv").read_bytes()


@contextmanager
def folder_in_use(out):
    lock = locked(out)
    yield (out / "manual.csv").read_bytes()
    os.close(lock)


@contextmanager
def file_is_open(out):
    lock = out / ".~lock.manual.csv#"
    lock.touch()
    yield (out / "manual.csv").read_bytes()
    lock.unlink()


def test_each_page_says_while_the_file_is_open_elsewhere(out):
    client = window(out)
    pages = [f"/{TOKEN}/", f"/{TOKEN}/3/", place(client, "No idea.")]
    said = "Nothing can be saved: "
    with file_is_open(out):
        assert [client.get(page).text.count(said) for page in pages] == [1, 1, 1]
        refused = press(client, pages[-1], do="full").text
        assert refused.count("is open in LibreOffice") == 1 and said not in refused
    assert [client.get(page).text.count(said) for page in pages] == [0, 0, 0]


@contextmanager
def broken_file(out):
    path, kept = out / "manual.csv", (out / "manual.csv").read_bytes()
    path.write_bytes(b"x\n1\n")
    yield path.read_bytes()
    path.write_bytes(kept)


def test_comments_of_a_question_have_buttons(out):
    client = window(out)
    press(client, place(client, "No idea."), do="zero", comment="Say why.")
    other = place(client, "<strong>seven</strong>")
    assert '<button class="press item" name="add" value="Say why."' in answer(client, other)
    press(client, other, add="Say why.", comment="Good.")
    assert table(out)["bobross", "why"]["comment"] == "Good.\n\nSay why."
    press(client, other, add="Say why.", comment="Good.\n\nSay why.")
    assert table(out)["bobross", "why"]["comment"] == "Good."


def test_a_report_that_is_made_meanwhile_is_read(out):
    client = window(out)
    address = place(client, "No idea.")
    press(client, address, do="item-1", comment="Good.")
    with OutputFolder.reopen(out) as folder:
        publish(folder, {}, Progress(disable=True))
    assert "Good.</textarea>" in answer(client, address)
    assert press(client, address, do="item-2").status_code == 303
    assert points(out)["cydcharisse"] == "1.5"
    assert (out / "feedback" / "cydcharisse.html").read_text().count("Good.") == 1


def test_an_answer_that_was_handed_in_again_is_said_to_be_gone(out):
    client = window(out)
    address = place(client, "No idea.")
    (seen,) = stamps(client, address)
    with OutputFolder.reopen(out) as folder:
        folder.remove("cydcharisse")
        publish(folder, {}, Progress(disable=True))
    gone = press(client, address, stamp=seen, do="full", comment="Typed.")
    assert gone.status_code == 404 and "There is no such answer any more" in gone.text and "Typed." in gone.text
    assert client.get(address).status_code == 404


def test_an_answer_that_changed_keeps_its_points_until_somebody_looks(out):
    edit(out, "cydcharisse", "why", points="1", answer_digest="v000000000000")
    client = window(out)
    address = place(client, "This answer changed since it was decided.")
    press(client, address, do="next")
    assert "This answer changed" in answer(client, address), "looking at the next one decides nothing"
    press(client, address, do="keep")
    row = table(out)["cydcharisse", "why"]
    assert (row["points"], row["note"]) == ("1", "") and row["answer_digest"] != "v000000000000"


def test_a_submission_that_needs_review_is_accepted_or_its_cases_get_points(out):
    client = window(out)
    (address,) = places(client)[0]
    assert "<code>pandas</code> is not there." in answer(client, address)
    assert len(stamps(client, address)) == 3
    press(client, address, do="accept", comment="Fine.")
    assert table(out)["fayreview", "(review)"]["points"] == "accept"
    assert "Decided" in answer(client, address).split("<form")[1]
    press(client, address, do="accept")
    assert table(out)["fayreview", "(review)"]["points"] == ""
    press(client, address, form=1, do="save", points="2")
    assert table(out)["fayreview", "floor"]["points"] == "2"
    assert "Optional" in answer(client, address).split("<form")[1], "points in each case settle it as well"
    with OutputFolder.reopen(out) as folder:
        report = publish(folder, {}, Progress(disable=True))
    assert "fayreview" not in [grade.student for grade in report.to_review]


def test_a_case_gives_what_it_proposes_on_a_press(out):
    client = window(out)
    (address,) = places(client)[2]
    assert "0.951 of 0.952" in answer(client, address) and "data:image/png" in answer(client, address)
    press(client, address, do="accept")
    with OutputFolder.reopen(out) as folder:
        publish(folder, {}, Progress(disable=True))
    assert table(out)["deedee", "floor"]["points"] == "1.5"


def test_lists_say_whose_submissions_need_a_look_and_where_they_cut(out):
    assert "<bdi>fayreview</bdi>: <bdi>`pandas`" in window(out, named=True).get(f"/{TOKEN}/0/").text
    assert re.search(r"<bdi>student-\w+</bdi>: <bdi>`pandas`", window(out).get(f"/{TOKEN}/0/").text)
    with OutputFolder.reopen(out) as folder:
        grade, run = graded("cydcharisse")
        why = replace(grade.questions[1], answer="word " * 100)
        folder.add(replace(grade, questions=(grade.questions[0], why)), run)
        publish(folder, {}, Progress(disable=True))
    assert "word…</bdi>" in window(out).get(f"/{TOKEN}/3/").text


def test_an_answer_that_could_not_be_read_is_said_to_be_so(out):
    with OutputFolder.reopen(out) as folder:
        grade, _ = graded("fayreview")
        skipped = [
            replace(each, answer="", score=0, cases=(replace(each.cases[0], status="skipped", points=0, message=""),))
            for each in grade.questions
        ]
        unread = replace(grade, status="rejected", questions=tuple(skipped), message="No notebook.", review="")
        folder.add(unread, Execution("completed"))
        publish(folder, {}, Progress(disable=True))
    client = window(out)
    assert table(out)["fayreview", "why"]["answer"] == "(the submission could not be read)"
    assert "<bdi>(the submission could not be read)</bdi>" in client.get(f"/{TOKEN}/3/").text
    assert "(the submission could not be read)" in answer(client, place(client, "(the submission"))


def test_the_question_stands_above_its_answer_folded(out):
    client = window(out)
    page = answer(client, place(client, "No idea."))
    asking = page[page.index('<details class="asking"') : page.index("</details>")]
    assert "Say <strong>why</strong> it is so." in asking and "older" not in asking and "grader" not in asking


def test_enter_leads_through_all_that_waits(out):
    client = window(out)
    address, seen = re.search(r'href="([^"]+)" data-key="enter"', client.get(f"/{TOKEN}/").text)[1], []
    while address != f"/{TOKEN}/":
        seen.append(address)
        do = "accept" if f"/{TOKEN}/0/" in address else "full"
        press(client, address, do=do)
        address = press(client, address, do="next").headers["location"]
    assert len(seen) == len(set(seen)) == 6, "all but the empty answer"
    assert "All is decided." in client.get(f"/{TOKEN}/").text


def test_presses_of_many_windows_all_count(out):
    clients = [window(out) for _ in range(4)]
    addresses = [place(clients[0], text) for text in ("No idea.", "HYPERLINK", "<strong>seven</strong>", "filters.")]
    threads = [
        threading.Thread(target=press, args=(client, address), kwargs={"do": "full"})
        for client, address in zip(clients, addresses, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert points(out) == {student: "" if student == "eveblank" else "2" for student in ANSWERS}


def test_a_rubric_has_items_only_where_points_stand_in_bold():
    rubric = "Reasons count.\n\n- **0.25**: names it\n  in full.\n* **-1 point:** copies.\n- no points\n\nAlso this."
    items = (RubricItem(0.25, "names it in full."), RubricItem(-1, "copies. - no points"))
    assert rubric_items(rubric) == ("Reasons count.\n\n\nAlso this.", items)
    assert rubric_items("One point for Gauss.") == ("One point for Gauss.", ())


def test_the_file_is_as_a_report_leaves_it(out):
    client = window(out)
    press(client, place(client, "HYPERLINK"), do="full", comment="=1+1")
    before = (out / "manual.csv").read_bytes()
    with OutputFolder.reopen(out) as folder:
        publish(folder, {}, Progress(disable=True))
    assert (out / "manual.csv").read_bytes() == before
    sheet = manual_csv.read_sheet(out / "manual.csv", Decisions(out).assignment)
    assert "".join(sheet_csv(hand_grading.cells(sheet, sheet.entries))).encode() == before


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no grades"):
        Decisions(tmp_path)


def test_the_command_serves_on_loopback_alone_and_says_at_the_end_what_is_left(out, monkeypatch):
    bound = []

    class Server:
        def __init__(self, config):
            assert (config.access_log, config.proxy_headers) == (False, False)

        def run(self, sockets):
            bound.extend(each.getsockname() for each in sockets)
            with socket.create_connection(bound[0]):
                raise KeyboardInterrupt

    monkeypatch.setattr(review.serve_pages.__globals__["uvicorn"], "Server", Server)
    ended = CliRunner().invoke(app, ["review", str(out)])
    assert (ended.exit_code, bound[0][0]) == (0, "127.0.0.1")
    assert re.search(rf"^Open http://127\.0\.0\.1:{bound[0][1]}/[\w-]{{32}}/$", ended.output, re.M)
    assert f"6 decisions left. To make pages and grades of the others: autograder report {out}" in ended.output
