"""The live page in a real browser: no server, no network, no Python, and every layer as Keras computes it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from autograder.course.datasets import load_mnist, preprocess
from autograder.errors import UsageError
from autograder.live import page_export, plan, shipped_networks
from autograder.live.layer_outputs import Activations
from tests.live import STROKES, draw, everything, network
from tests.watched import Watched

pytestmark = pytest.mark.browser

DIGITS = 100
HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def shipped_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    return page_export.export(
        shipped_networks.load("keras_gaps"), "keras_gaps", folder, float32=True, scaling="scale"
    ).page


@pytest.fixture
def page(browser: Any, shipped_page: Path) -> Iterator[Any]:
    with opened(browser, shipped_page) as watched:
        yield watched.page
        assert watched.noise == []


def opened(browser: Any, path: Path, **options: Any) -> Watched:
    watched = Watched(browser, path, **options)
    watched.page.locator("canvas.pad").wait_for(timeout=20_000)
    return watched


def app(page: Any, expression: str) -> Any:
    return page.evaluate(f"(() => {{ const app = document.querySelector('.live').live; return {expression}; }})()")


def best(page: Any, digit: str) -> None:
    page.locator(".bars .best .digit", has_text=digit).wait_for(timeout=10_000)


def answers(page: Any, digits: Any) -> list[Any]:
    """Each layer's answers to each digit, computed by the page."""
    page.evaluate("value => { window.digits = value }", digits.reshape(len(digits), -1).tolist())
    layers = page.evaluate(
        """async () => {
            const { backend } = document.querySelector('.live').live;
            const all = backend.meta.layers.map(() => []);
            for (const digit of window.digits) {
                const { activations } = await backend.run(Float32Array.from(digit));
                activations.forEach((values, layer) => all[layer].push(values));
            }
            return await Promise.all(all.map(parts => new Promise(resolve => {
                const reader = new FileReader();
                reader.onload = () => resolve(reader.result.split(',')[1]);
                reader.readAsDataURL(new Blob(parts));
            })));
        }"""
    )
    return [np.frombuffer(base64.b64decode(each), "<f4").reshape(len(digits), -1) for each in layers]


def agree(received: list[Any], expected: list[Any]) -> float:
    """The largest difference from Keras, measured by what the layer's largest number is where that is above one."""
    worst = 0.0
    for got, wanted in zip(received, expected, strict=True):
        flat = wanted.reshape(len(wanted), -1)
        worst = max(worst, float(np.abs(got - flat).max() / max(1.0, np.abs(flat).max())))
    return worst


# ---------------------------------------------------------------- the same numbers as Keras


def test_every_layer_agrees_with_keras_on_a_hundred_digits(browser: Any, shipped_page: Path) -> None:
    _, (images, _) = load_mnist()
    digits = images[-DIGITS:]
    expected = Activations(plan.rebuild(shipped_networks.load("keras_gaps")))(digits[..., None] / 255.0)
    with opened(browser, shipped_page) as watched:
        received = answers(watched.page, digits)
    worst = max(
        float(np.abs(got - wanted.reshape(DIGITS, -1)).max()) for got, wanted in zip(received, expected, strict=True)
    )
    print(f"largest difference from Keras: {worst:.1e}")
    assert worst < 1e-4


def test_every_operation_agrees_with_keras(browser: Any, tmp_path: Path) -> None:
    model = everything()
    page = page_export.export(plan.translate(model), "all layers", tmp_path, float32=True, scaling="standardise").page
    _, (images, _) = load_mnist()
    with opened(browser, page) as watched:
        received = answers(watched.page, images[:10])
        assert watched.noise == []
    worst = agree(received, Activations(model)(preprocess(images[:10])))
    assert worst < 1e-4


def test_what_is_drawn_is_what_keras_recognises(page: Any) -> None:
    model = plan.rebuild(shipped_networks.load("keras_gaps"))
    for digit, strokes in STROKES.items():
        page.get_by_role("button", name="Clear").click()
        draw(page, strokes)
        best(page, digit)
        picture = np.array(app(page, "[...app.result.picture]"), "float32")
        shown = np.array(app(page, "[...app.result.probabilities]"))
        wanted = model.predict(picture.reshape(1, 28, 28, 1) / 255, verbose=0)[0]
        np.testing.assert_allclose(shown, wanted, atol=1e-5)
        text = page.locator(".bars li").nth(int(digit)).inner_text()
        assert text.split()[0] == digit


def test_float16_page_says_what_rounding_changes(browser: Any, tmp_path: Path) -> None:
    from keras import layers

    small = plan.translate(network(layers.Flatten(), layers.Dense(10, activation="softmax")))
    report = page_export.export(small, "small", tmp_path, scaling="scale")
    assert report.change is not None and 0 < report.change < 0.01
    with opened(browser, report.page) as watched:
        note = watched.page.locator("header").inner_text()
        received = answers(watched.page, load_mnist()[1][0][:5])
    assert f"changes a probability by at most {100 * report.change:.2g} percentage points" in note
    digits = load_mnist()[1][0][:5, :, :, None] / 255.0
    assert agree(received, Activations(plan.rebuild(plan.half(small)))(digits)) < 1e-5


def test_no_page_is_written_that_answers_otherwise_than_the_model(tmp_path: Path) -> None:
    from keras import layers

    model = network(layers.Flatten(), layers.Dense(10))
    translated = plan.translate(model)
    model.set_weights([weight * 1.1 for weight in model.get_weights()])
    with pytest.raises(UsageError, match="would not answer as the model does"):
        page_export.export(translated, "other", tmp_path / "page", model=model)
    assert not (tmp_path / "page").exists()


# ---------------------------------------------------------------- a page that stands alone


def test_page_fetches_nothing_and_a_layers_name_stays_text(browser: Any, tmp_path: Path) -> None:
    from keras import layers

    own = plan.translate(network(layers.Flatten(), layers.Dense(10)))
    steps = tuple(plan.replace(step, name=HOSTILE) for step in own.steps)
    report = page_export.export(plan.replace(own, steps=steps), HOSTILE, tmp_path, scaling="raw")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    with opened(browser, report.page) as watched:
        assert watched.page.locator(".layer h3").first.inner_text().startswith(f"1 {HOSTILE}")
        assert HOSTILE in watched.page.title()
        assert watched.page.locator("img").count() == 0
        assert watched.requests == [report.page.as_uri()]
        assert watched.noise == []
        # The policy holds: the page cannot fetch, even if it wanted to.
        refused = watched.page.evaluate("fetch('https://example.org').then(() => 'fetched', error => error.name)")
        assert refused == "TypeError"


def test_another_page_is_not_written_over(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<p>mine</p>")
    with pytest.raises(UsageError, match="is there already, and is another page"):
        page_export.export(shipped_networks.load("keras_gaps"), "keras_gaps", tmp_path)
    assert page.read_text() == "<p>mine</p>"
    page.unlink()
    for title in ("once", "twice"):
        page_export.export(shipped_networks.load("keras_gaps"), title, tmp_path)
    assert "<title>twice" in page.read_text(encoding="utf-8")


def test_sigmoids_are_shown_as_they_are(browser: Any, tmp_path: Path) -> None:
    """Each class is a question of its own: what a network that was trained like that answers needs no softmax."""
    import keras
    from keras import layers

    (x, y), _ = load_mnist()
    model = network(layers.Flatten(), layers.Dense(10, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy")
    model.fit(x[:2000, ..., None] / 255.0, keras.utils.to_categorical(y[:2000], 10), epochs=15, verbose=0)
    report = page_export.export(plan.translate(model), "sigmoids", tmp_path, float32=True)
    assert "divided by 255" in report.scaling and report.accuracy > 0.8
    with opened(browser, report.page) as watched:
        draw(watched.page, STROKES["1"])
        best(watched.page, "1")
        picture = np.array(app(watched.page, "[...app.result.picture]"), "float32")
        shown = np.array(app(watched.page, "[...app.result.probabilities]"))
        assert watched.noise == []
    np.testing.assert_allclose(shown, model.predict(picture.reshape(1, 28, 28, 1) / 255, verbose=0)[0], atol=1e-5)


def test_command_writes_the_page_of_a_model_of_ones_own_and_starts_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras import layers

    from autograder import cli

    monkeypatch.setenv("PATH", "")
    network(layers.Flatten(), layers.Dense(10, activation="softmax")).save(tmp_path / "mine.keras")
    done = CliRunner().invoke(cli.app, ["live", str(tmp_path / "mine.keras"), "--export", str(tmp_path / "page")])
    assert done.exit_code == 0, done.output
    assert "stored digits are classified correctly" in done.output
    assert (tmp_path / "page" / "index.html").stat().st_size > 500_000


# ---------------------------------------------------------------- hands, keys, ears


def test_keyboard_draws_undoes_and_clears(page: Any) -> None:
    pad = page.locator("canvas.pad")
    pad.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    best(page, "1")
    assert "with a drawing" in pad.get_attribute("aria-label")
    said = page.locator("p[aria-live=polite].hidden-text", has_text=re.compile("a 1, .*; then "))
    said.wait_for(state="attached", timeout=5_000)
    page.keyboard.press("Backspace")
    assert app(page, "app.pad.strokes.length") == 0
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    assert app(page, "app.pad.empty")
    page.locator(".verdict", has_text="Draw a digit.").wait_for(timeout=5_000)


def test_a_finger_draws(browser: Any, shipped_page: Path) -> None:
    with opened(browser, shipped_page, has_touch=True, viewport={"width": 390, "height": 800}) as watched:
        box = watched.page.locator("canvas.pad").bounding_box()
        session = watched.page.context.new_cdp_session(watched.page)
        points = [(box["x"] + box["width"] / 2, box["y"] + box["height"] * share) for share in np.linspace(0.2, 0.8, 9)]
        for index, (x, y) in enumerate(points):
            kind = "touchMove" if index else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        best(watched.page, "1")
        assert watched.page.evaluate("scrollY") == 0


def test_clearing_in_the_middle_of_a_stroke_ends_it(page: Any) -> None:
    box = page.locator("canvas.pad").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 120)
    page.keyboard.press("Delete")
    page.mouse.move(box["x"] + 160, box["y"] + 160)
    page.mouse.up()
    assert app(page, "app.pad.empty")
    draw(page, STROKES["1"])
    best(page, "1")


def test_a_chosen_unit_can_be_let_go_of(page: Any) -> None:
    draw(page, STROKES["7"])
    best(page, "7")
    channel = page.locator("section.layer").nth(2).locator("button.channel").nth(4)
    for let_go in (
        lambda: channel.click(delay=700),
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_role("button", name="Clear").click(),
    ):
        channel.click()
        assert app(page, "app.pad.region") is not None
        page.wait_for_timeout(700)  # a second click at once enlarges
        let_go()
        page.mouse.move(0, 0)
        assert app(page, "app.pad.region") is None
    channel.press("Enter")  # who only looks into a channel has chosen nothing
    page.keyboard.press("Escape")
    expect(channel).to_be_focused()
    assert app(page, "app.pad.region") is None


def test_long_names_leave_the_dialogs_button_in_sight(browser: Any, tmp_path: Path) -> None:
    from keras import layers

    own = network(layers.Conv2D(2, 5, name="a" * 150), layers.Flatten(), layers.Dense(10, activation="softmax"))
    written = page_export.export(plan.translate(own), "long", tmp_path, scaling="scale").page
    with opened(browser, written, viewport={"width": 360, "height": 740}) as watched:
        watched.page.locator("button.channel").first.press("Enter")
        dialog, close = watched.page.locator("dialog.zoom"), watched.page.get_by_role("button", name="Close")
        within, button = dialog.bounding_box(), close.bounding_box()
        assert button["x"] + button["width"] <= within["x"] + within["width"]
        assert dialog.evaluate("each => each.scrollWidth <= each.clientWidth")


def test_click_on_a_unit_tells_what_it_sees_and_enter_enlarges(page: Any) -> None:
    draw(page, STROKES["7"])
    best(page, "7")
    panel = page.locator("section.layer").nth(2)
    channel = panel.locator("button.channel").nth(4)
    box = channel.bounding_box()
    channel.click(position={"x": box["width"] * 12.5 / 24, "y": box["height"] * 12.5 / 24})
    reading = panel.locator(".reading")
    assert reading.inner_text().startswith("Channel 4, row 12, column 12")
    assert "It sees 5×5 pixels." in reading.inner_text()
    assert app(page, "app.pad.region") == {"rows": [12, 16], "columns": [12, 16]}
    channel.press("Enter")
    dialog = page.locator("dialog.zoom")
    assert dialog.get_by_role("heading").inner_text() == "conv2d_2, channel 4"
    page.keyboard.press("ArrowRight")
    assert dialog.locator(".reading").inner_text().startswith("Channel 4, row 12, column 13")
    dialog.get_by_role("button", name="Next channel").click()
    assert dialog.locator(".reading").inner_text().startswith("Channel 5, row 12, column 13")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    expect(panel.locator("button.channel").nth(5)).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "conv2d_2, channel 6"


def test_any_layer_of_numbers_can_be_pinned_and_none_is_at_first(page: Any) -> None:
    assert page.locator("button.pin").count() == 6
    assert page.locator("button.pin[aria-pressed=true]").count() == 0
    assert page.locator("svg.map").is_hidden()
    page.get_by_role("button", name="A stored 3").click()
    page.get_by_role("button", name="Compare by layer 9, activation_3").click()
    nearest = page.locator(".neighbours li").first
    nearest.wait_for()
    assert nearest.inner_text().startswith("3 ")
    assert float(nearest.inner_text().split()[-1]) < 0.5  # it is one of those stored; their codes are bytes
    # Where the page puts it on the map is where its stored code lies.
    index, point = app(page, "[app.map.squared.indexOf(Math.min(...app.map.squared)), app.map.trail.at(-1)]")
    stored = app(page, f"app.map.place([app.map.codes.points[{2 * index}], app.map.codes.points[{2 * index + 1}]])")
    np.testing.assert_allclose(point, stored, atol=0.5)


def test_what_confuses_it_names_the_runner_up_and_follows_a_stroke(page: Any) -> None:
    draw(page, STROKES["1"])
    best(page, "1")
    page.locator("button.pin").nth(2).click()
    page.locator(".neighbours canvas").first.wait_for()
    page.get_by_role("button", name="What confuses it?").click()
    shares = app(page, "[...app.result.probabilities]")
    runner_up = int(np.argsort(shares)[-2])
    assert page.locator(".runner-up").inner_text().startswith(f"Runner-up: {runner_up} with")
    assert app(page, "app.pad.shadow !== null")
    lit = page.locator("svg.map text.dot:not(.faint)").all_text_contents()
    assert set(lit) == {"1", str(runner_up)}
    draw(page, [[(110, 70), (170, 70)]])
    page.wait_for_timeout(300)
    assert app(page, "app.map.trail.length") > 2
    assert page.locator("polyline.trail").get_attribute("points").count(",") > 2


def test_only_the_newest_drawing_is_computed(page: Any) -> None:
    page.wait_for_timeout(200)
    ran = page.evaluate(
        """async () => {
            const app = document.querySelector('.live').live;
            const run = app.backend.run.bind(app.backend);
            const ran = [];
            app.backend.run = async (picture) => {
                ran.push(picture[0]);
                await new Promise(resolve => setTimeout(resolve, 50));
                return run(picture);
            };
            for (let frame = 1; frame <= 20; frame++) app.request(new Float32Array(784).fill(frame));
            await new Promise(resolve => setTimeout(resolve, 400));
            return [ran, app.result.picture[0]];
        }"""
    )
    assert ran == [[1, 20], 20]


def test_an_answer_that_is_no_number_is_reported_and_not_drawn(page: Any) -> None:
    draw(page, STROKES["7"])
    best(page, "7")
    page.evaluate(
        """() => {
            const { backend } = document.querySelector('.live').live;
            const run = backend.run.bind(backend);
            const probabilities = new Float32Array(10).fill(NaN);
            backend.run = async (picture) => ({ ...(await run(picture)), probabilities });
        }"""
    )
    draw(page, STROKES["1"])
    fault = page.get_by_text("What the network answers is not a number.")
    fault.wait_for()
    assert "NaN" not in page.locator("body").inner_text()


def test_on_a_phone_the_pad_stays_in_sight_while_layers_are_looked_at(browser: Any, shipped_page: Path) -> None:
    with opened(browser, shipped_page, viewport={"width": 390, "height": 844}) as watched:
        page = watched.page
        layer = page.locator("section.layer").nth(6)
        layer.locator("button.channel").first.focus()
        pad, focused = page.locator("canvas.pad").bounding_box(), page.locator(":focus").bounding_box()
        assert pad["y"] >= 0 and pad["y"] + pad["height"] < 844 / 3
        assert pad["y"] + pad["height"] < focused["y"] < 844, "what has the focus is not below the pad"
        draw(page, STROKES["7"])
        page.locator(".verdict", has_text="7").wait_for(timeout=10_000)
        assert page.evaluate("scrollY") > 800
        for part in (page.locator(".verdict"), layer):
            assert 0 < part.bounding_box()["y"] < 844


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier_on_phone_and_desktop(browser: Any, shipped_page: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    size = {"width": 360, "height": 740} if scheme == "dark" else {"width": 1280, "height": 900}
    with opened(browser, shipped_page, color_scheme=scheme, viewport=size) as watched:
        page = watched.page
        draw(page, STROKES["0"])
        best(page, "0")
        page.locator("button.pin").nth(1).click()
        page.get_by_role("button", name="What confuses it?").click()
        page.locator("button.channel").nth(40).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        found = list(axe.Axe().run(page).response["violations"])
        page.locator("section.layer .reading button").first.click()
        assert page.locator("dialog.zoom").is_visible()
        found += axe.Axe().run(page).response["violations"]
    serious = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
