"""The instructors' page of a class of 300: search, filter, sort; on any screen; without its script, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests import made_class
from tests.watched import Watched

pytestmark = pytest.mark.browser

SIZE = 300
OPEN_ALL = "document.querySelectorAll('details').forEach(details => { details.open = true })"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("class") / "index.html"
    made.write_text(made_class.made_page(SIZE), encoding="utf-8")
    return made


def shown_rows(page: Any) -> list[str]:
    rows: list[str] = page.locator("table.students tbody tr:not([hidden]) th a").all_text_contents()
    return rows


def test_search_filter_and_sort(browser: Any, path: Path) -> None:
    grades, _ = made_class.made_class(SIZE)
    by_name = {grade.shown_name: grade for grade in grades}
    with Watched(browser, path, viewport={"width": 1440, "height": 900}) as watched:
        page = watched.page
        assert shown_rows(page) == sorted(by_name, key=str.casefold)
        page.get_by_label("Search").fill("dimitrova ADA")
        assert shown_rows(page) == [name for name in sorted(by_name) if name.startswith("Ada Dimitrova ")] != []
        page.get_by_label("Search").fill("")
        page.get_by_label("Show").select_option(label="Nothing handed in")
        assert {by_name[name].absent for name in shown_rows(page)} == {True}
        assert page.get_by_role("status").inner_text() == f"{sum(grade.absent for grade in grades)} of {SIZE}"
        page.get_by_label("Show").select_option(label="Points lost: train")
        train = [by_name[name].questions[1].score for name in shown_rows(page) if not by_name[name].absent]
        assert train and set(train) == {0}
        page.get_by_label("Show").select_option(label="All")
        page.get_by_role("button", name="Score").click()
        scores = [by_name[name].score for name in shown_rows(page)]
        assert scores == sorted(scores, reverse=True)
        assert page.locator("[aria-sort]").all_inner_texts() == ["Score / 12"]
        page.get_by_label("Sort by").select_option(label="missing_layers ↑")
        there = [by_name[name] for name in shown_rows(page)]
        layers = [grade.questions[0].score for grade in there if not grade.absent]
        assert layers == sorted(layers)
        assert all(grade.absent for grade in there[len(layers) :]), "who has no number is last"
        assert watched.noise == []


def test_a_search_is_not_printed(browser: Any, path: Path) -> None:
    with Watched(browser, path) as watched:
        page = watched.page
        page.get_by_label("Search").fill("dimitrova ADA")
        found = shown_rows(page)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert len(found) < len(shown_rows(page)) == SIZE
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert shown_rows(page) == found


def test_all_of_it_is_there_without_a_script(browser: Any, path: Path) -> None:
    with Watched(browser, path, java_script_enabled=False) as watched:
        assert watched.page.locator("table.students tbody tr").count() == SIZE
        assert watched.page.locator(".tools, button").count() == 0


def test_no_other_script_runs(browser: Any, path: Path, tmp_path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    attacked = tmp_path / "index.html"
    attacked.write_text(page.replace("</main>", "<script>window.ran = 1</script></main>"), encoding="utf-8")
    with Watched(browser, attacked) as watched:
        assert watched.page.evaluate("window.ran") is None
        assert re.search("(?i)content security policy", watched.noise[0])
        assert watched.page.get_by_label("Search").count() == 1, "but the page's own does"


def test_links_lead_to_the_tables_and_parts(browser: Any, path: Path) -> None:
    with Watched(browser, path) as watched:
        links = watched.page.locator("nav a").evaluate_all("all => all.map(link => link.getAttribute('href'))")
        assert links[-2:] == ["grades.csv", "manual.csv"]
        assert all(watched.page.locator(link).count() == 1 for link in links[:-2])


@pytest.mark.parametrize("width", [390, 768])
def test_the_score_stands_beside_the_name(browser: Any, path: Path, width: int) -> None:
    with Watched(browser, path, viewport={"width": width, "height": 844}) as watched:
        row = watched.page.locator("table.students tbody tr").nth(40)
        row.scroll_into_view_if_needed()
        name, score = (row.locator(part).bounding_box() for part in ("th a", "td[data-label=Score] strong"))
        assert abs(name["y"] - score["y"]) < 8
        assert name["x"] + name["width"] <= score["x"]
        assert score["x"] + score["width"] < width
        assert watched.page.evaluate("document.documentElement.scrollWidth") == width


def test_the_head_of_the_table_stays_in_sight(browser: Any, path: Path) -> None:
    with Watched(browser, path, viewport={"width": 1440, "height": 900}) as watched:
        page = watched.page
        page.locator("table.students tbody tr").nth(200).scroll_into_view_if_needed()
        box, head = (page.locator(part).bounding_box() for part in (".tall", "table.students thead"))
        assert 0 <= head["y"] - box["y"] < 4
        heads = page.locator("table.students thead th").evaluate_all("all => all.map(each => each.offsetLeft)")
        cells = page.locator("table.students tbody tr >> nth=200").locator("> *")
        assert cells.evaluate_all("all => all.map(each => each.offsetLeft)") == heads


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_barrier(browser: Any, path: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    with Watched(browser, path, color_scheme=scheme, viewport={"width": width, "height": 900}) as watched:
        watched.page.evaluate(OPEN_ALL)
        found = axe.Axe().run(watched.page).response["violations"]
    assert [(each["id"], each["impact"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found] == []


def test_a_pair_stands_side_by_side(browser: Any, path: Path) -> None:
    with Watched(browser, path, viewport={"width": 1440, "height": 900}) as watched:
        pair = watched.page.locator("section[aria-labelledby=alike] details").first
        pair.locator("summary").click()
        row = pair.locator("tr.same", has_text="history = [").first
        left, right = (row.locator("td").nth(at) for at in (0, 1))
        assert left.inner_text().replace("history", "log") == right.inner_text()
        assert left.bounding_box()["y"] == right.bounding_box()["y"]
