"""A hook of MkDocs: makes a page of each exercise in `tests/cookbook/`; what the docs show is what is tested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.structure.files import File, Files

COOKBOOK = Path(__file__).parents[1] / "tests" / "cookbook"
KINDS = sorted(path.parent for path in COOKBOOK.glob("*/tries.yaml"))
INDEX = "authors/cookbook.md"
MARK = "<!-- cookbook -->"
BESIDE = ("master.py", "tries.yaml")


def on_config(config: Any) -> Any:
    """The site's configuration, with the pages in its navigation, behind the page that lists them."""
    for section in config["nav"]:
        for pages in section.values():
            for at, entry in enumerate(pages if isinstance(pages, list) else ()):
                if INDEX in entry.values():
                    own = [{title(kind): address(kind)} for kind in KINDS]
                    pages[at] = {next(iter(entry)): [{"Overview": INDEX}, *own]}
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """All files of the site, and a page for each kind."""
    for kind in KINDS:
        files.append(File.generated(config, address(kind), content="\n".join(page(kind))))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The list of all kinds in place of the mark."""
    rows = [f"- [{title(kind)}](cookbook/{kind.name}.md): {tries(kind)['about']}" for kind in KINDS]
    return markdown.replace(MARK, "\n".join(rows)) if page.file.src_uri == INDEX else markdown


def address(kind: Path) -> str:
    """Where the page of a kind is in the site's sources."""
    return f"authors/cookbook/{kind.name}.md"


def title(kind: Path) -> str:
    """The title of a kind's exercise."""
    (found,) = re.findall(r'^# title: "(.*)"$', (kind / "master.py").read_text(encoding="utf-8"), re.MULTILINE)
    return str(found)


def tries(kind: Path) -> dict[str, Any]:
    """What is said about a kind, and its right and wrong tries."""
    read: dict[str, Any] = yaml.safe_load((kind / "tries.yaml").read_text(encoding="utf-8"))
    return {**read, "about": read["about"].strip()}


def page(kind: Path) -> Iterator[str]:
    """The page of a kind."""
    told = tries(kind)
    yield f"# {title(kind)}\n\n{told['about']}\n"
    yield from block("python", (kind / "master.py").read_text(encoding="utf-8"), f"reference/{kind.name}/master.py")
    for path in sorted(path for path in kind.rglob("*") if path.is_file() and path.name not in BESIDE):
        head = "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:6])
        yield from block("text", head, f"reference/{kind.name}/{path.relative_to(kind)}, the first lines")
    yield "## Right in another way\n\nThese get all points.\n"
    for answers in told["right"].values():
        yield from difference(answers)
    yield "## Wrong, and what is said\n\nThe messages are abridged. All else in these answers is as in the solution.\n"
    for answers in told["wrong"].values():
        yield from difference(answers)
        for case, words in answers.items():
            if "." in case:
                yield f"> `{case}`: … {words} …\n>"
        yield ""


def difference(answers: dict[str, Any]) -> Iterator[str]:
    """How answers differ from the solution."""
    for question, answer in answers.items():
        if isinstance(answer, str):
            if "." not in question:
                yield from block("python", answer)
            continue
        for old, new in answer.items():
            yield from block(
                "diff",
                "".join(f"{mark} {line}\n" for mark, text in (("-", old), ("+", new)) for line in text.split("\n")),
            )


def block(language: str, text: str, heading: str = "") -> Iterator[str]:
    """A block of code."""
    yield f"```{language}{f' title={chr(34)}{heading}{chr(34)}' if heading else ''}\n{text.rstrip()}\n```\n"
