"""The documentation says what is so: commands, paths, make targets, names and links in it exist; Python compiles."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import pydoc
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer.main

from autograder.authoring.master import read_master
from autograder.cli import app
from autograder.errors import BuildError
from autograder.grading.intake.layouts import LAYOUTS
from autograder.grading.results.entries import ExecutionSummary
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.table import LEFT_OUT
from autograder.records import Grade, LayerDiff, Measurement, Outcome, QuestionGrade
from docs import layers_page, layouts_page

ROOT = Path(__file__).parents[2]
AT_ROOT = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "RELEASING", "SECURITY", "CHANGELOG")]
PAGES = [*AT_ROOT, *sorted((ROOT / "docs").rglob("*.md"))]
OURS = ("autograder/", "tests/", "docs/", "tools/", "reference/", "assignments/")

FENCE = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)(?:\{[^}]*\})?|<img src=\"([^\"]+)\"")


def each_page(function: Any) -> Any:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())(function)


def inline(text: str) -> list[str]:
    """What stands between single backticks, outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def shell_lines(text: str) -> Iterator[str]:
    """The commands on a page, in running text and in blocks, without what a comment says of them."""
    blocks = (block for kind, block in FENCE.findall(text) if kind in ("", "bash"))
    for line in (*inline(text), *(line for block in blocks for line in block.splitlines())):
        yield line.strip().removeprefix(".venv/bin/").partition("  #")[0].strip()


def lines_of_commands(text: str) -> Iterator[str]:
    yield from (line for line in shell_lines(text) if re.match(r"autograder [a-z]", line))


@each_page
def test_commands_exist_with_their_options(page: Path) -> None:
    group: Any = typer.main.get_command(app)
    for line in lines_of_commands(page.read_text(encoding="utf-8")):
        _, name, *arguments = shlex.split(line)
        assert name in group.commands, line
        command = group.commands[name]
        known = {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        given = {argument.partition("=")[0] for argument in arguments if argument.startswith("-")} - {"--help"}
        assert given <= known, f"{line}: there is no {given - known}"


def test_every_command_is_shown_in_use() -> None:
    shown = {line.split()[1] for page in PAGES for line in lines_of_commands(page.read_text(encoding="utf-8"))}
    group: Any = typer.main.get_command(app)
    assert set(group.commands) <= shown


@each_page
def test_paths_exist(page: Path) -> None:
    for code in inline(page.read_text(encoding="utf-8")):
        path = code.split("::")[0]
        if path.startswith(OURS) and not re.search(r"[<>*… ]", path) and "circle" not in path:
            assert (ROOT / path).exists(), path


@each_page
def test_modules_exist(page: Path) -> None:
    for line in shell_lines(page.read_text(encoding="utf-8")):
        if line.startswith("python -m pydoc "):
            assert pydoc.locate(line.split()[3]) is not None, line
        elif line.startswith("python -m ") and (module := line.split()[2]) != "pip":
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), line


@each_page
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for line in re.findall(r"^([a-z][\w -]*):", makefile, re.MULTILINE) for name in line.split()}
    shown = [line.split()[1] for line in shell_lines(page.read_text(encoding="utf-8")) if re.match(r"make [a-z]", line)]
    assert set(shown) <= targets


@each_page
def test_python_compiles(page: Path) -> None:
    blocks: dict[str, str] = {}
    for number, (kind, block) in enumerate(FENCE.findall(page.read_text(encoding="utf-8"))):
        if kind.startswith("python"):  # the parts of a file that bear its name are one
            title = re.search(r'title="([^"]+)"', kind)
            name = title[1] if title else str(number)
            blocks[name] = f"{blocks.get(name, '')}\n{block}"
    for block in blocks.values():
        ast.parse(block)


@pytest.mark.parametrize("page", AT_ROOT, ids=lambda page: page.name)
def test_links_of_pages_outside_of_the_site(page: Path) -> None:
    """Those inside are MkDocs's to check."""
    for link, picture in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, anchor = (link or picture).partition("#")
        if target.startswith("http"):
            continue
        assert (page.parent / target).is_file(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (page.parent / target).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_readme_is_short() -> None:
    assert len(AT_ROOT[0].read_text(encoding="utf-8").splitlines()) <= 120


def test_pages_that_only_the_site_fills_say_where_that_is_without_it():
    """Whoever reads `docs/` as files finds signatures and tables nowhere else."""
    filled = [page for page in PAGES if re.search(r"^(::: |<!-- \w+ -->$)", page.read_text(encoding="utf-8"), re.M)]
    assert {page.stem for page in filled} == {
        *("expect", "layers", "commands", "cookbook", "master", "formats", "live", "lms"),
    }
    assert [page.name for page in filled if "Without the site: " not in page.read_text(encoding="utf-8")] == []
    for start in ("README.md", "docs/index.md"):
        assert "`make docs`" in (ROOT / start).read_text(encoding="utf-8")[:3_000]


@pytest.mark.parametrize(
    ("page", "slug"), [("README.md", "faces_finetuning"), ("docs/instructors/grading.md", "cnn2_mnist")]
)
def test_the_sample_class_that_is_shown(page: str, slug: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = dict(re.findall(r"^│ (\w+) .* ([\d.]+ / [\d.]+) │$", text, re.MULTILINE))
    expected = json.loads((ROOT / "tests" / "golden" / slug / "expected.json").read_text(encoding="utf-8"))
    assert shown == {student: expected[student]["score"].replace("/", " / ") for student in shown}
    assert len(shown) == 4


def test_pictures_are_small() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture.name


def test_the_floors_that_are_shown() -> None:
    text = (ROOT / "docs" / "authors" / "floors.md").read_text(encoding="utf-8")
    shown = [re.split(r" *│ *", line.strip("│ ")) for line in text.splitlines() if line.startswith("│")]
    measured = json.loads((ROOT / "reference" / "fc_mnist" / "calibration.json").read_text(encoding="utf-8"))
    assert shown == [
        [
            floor["case"],
            f"{floor['inputs']:,}",
            f"{floor['mean']:.4f}",
            f"{floor['deviation']:.4f}",
            f"{min(floor['accuracies'].values()):.4f}",
            f"{floor['floor']:g}",
            f"{floor['unsure']:g}",
        ]
        for floor in measured["floors"]
    ]


def test_every_package_is_on_the_page_of_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Packages")[2].partition("\n## ")[0]
    parts = [path for path in (ROOT / "autograder").iterdir() if not path.name.startswith(("_", "py.typed"))]
    names = [f"{path.name}/" if path.is_dir() else path.name for path in parts]
    assert [name for name in names if f"`{name}" not in table] == []


@pytest.mark.parametrize("record", [Grade, QuestionGrade, Outcome, LayerDiff, Measurement, ExecutionSummary])
def test_every_field_of_grades_json_is_described(record: type) -> None:
    described = re.findall(r"^ {4,8}(\w+): ", inspect.getdoc(record) or "", re.MULTILINE)
    assert described == [field.name for field in dataclasses.fields(record)]
    formats = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert f"::: {record.__module__}.{record.__qualname__}\n" in formats


def test_every_check_is_in_the_table_of_checks() -> None:
    source = ast.parse((ROOT / "autograder" / "expect" / "__init__.py").read_text(encoding="utf-8"))
    exported = next(ast.literal_eval(node.value) for node in source.body if _assigns(node, "__all__"))
    page = (ROOT / "docs" / "authors" / "expect.md").read_text(encoding="utf-8")
    listed = re.findall(r"\(#autograder\.expect\.(\w+)\)", page)
    assert set(listed) | {"Mismatch", "Undecided"} == set(exported)


def test_every_layer_is_in_the_table_of_layers() -> None:
    page = (ROOT / "docs" / "authors" / "layers.md").read_text(encoding="utf-8")
    shown = layers_page.on_page_markdown(page, page=SimpleNamespace(file=SimpleNamespace(src_uri=layers_page.PAGE)))
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \| (.*) \|$", shown, re.MULTILINE)
    assert [name for name, *_ in rows] == sorted({*LAYERS, *LEFT_OUT, "InputLayer"})
    assert {name for name, rebuilt, _ in rows if rebuilt == "no"} == {*LEFT_OUT}
    assert ("Dense", "yes", "`activation`, `use_bias`, `units`") in rows
    assert "<!--" not in shown


def test_every_layout_is_in_the_table_of_downloads() -> None:
    page = (ROOT / "docs" / "instructors" / "lms.md").read_text(encoding="utf-8")
    shown = layouts_page.on_page_markdown(page, page=SimpleNamespace(file=SimpleNamespace(src_uri=layouts_page.PAGE)))
    rows = re.findall(r"^\| ([^|]+) \| <code>[^|]+</code> \| ([^|]+) \|$", shown, re.MULTILINE)
    assert [origin for _, origin in rows] == [layout.origin for layout in LAYOUTS]
    assert "<!--" not in shown


SETTINGS = {"Configuration": "title:", "Questions": "name: network", "Cases": "points: 3"}


@pytest.mark.parametrize("section", SETTINGS)
def test_settings_of_the_master_are_listed(section: str, tmp_path: Path) -> None:
    """The error for a setting that does not exist ends with those that do; the page has each of them."""
    pieces = FENCE.findall((ROOT / "docs" / "authors" / "tutorial.md").read_text(encoding="utf-8"))
    text, setting = "\n".join(block for kind, block in pieces if "title=" in kind), SETTINGS[section]
    master = tmp_path / "reference" / "circle" / "master.py"
    master.parent.mkdir(parents=True)
    comment = "" if section == "Cases" else "# "
    master.write_text(text.replace(setting, f"strange: 1\n{comment}{setting}", 1), encoding="utf-8")
    with pytest.raises(BuildError, match="strange") as refused:
        read_master(master, tmp_path)
    ending = str(refused.value).partition(" (")[0].rstrip(".").rpartition(". ")[2]
    known = set(re.findall(r"[a-z_]+(?=,| and |$)", ending))
    page = (ROOT / "docs" / "authors" / "master.md").read_text(encoding="utf-8")
    listed = page.partition(f"## {section}\n")[2].partition("\n## ")[0]
    assert len(known) > 3
    assert {name for name in known if f"`{name}`" not in listed} == set()


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(getattr(target, "id", "") == name for target in node.targets)
