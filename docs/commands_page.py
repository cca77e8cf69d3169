"""A hook of MkDocs: writes the reference of the commands from the commands themselves, so that it never drifts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from autograder.cli import app

PAGE = "commands.md"
MARK = "<!-- commands -->"


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The page's Markdown, with a section for each command in place of the mark."""
    return markdown.replace(MARK, "\n".join(sections())) if page.file.src_uri == PAGE else markdown


def sections() -> Iterator[str]:
    """Markdown, one section for each command."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        context = command.context_class(command, info_name=name)
        arguments = [_metavar(each) for each in command.params if each.param_type_name == "argument"]
        required = [_option(each) for each in command.params if each.param_type_name == "option" and each.required]
        yield f"## {name}\n"
        yield f"```\n{' '.join(['autograder', name, *arguments, *required, '[OPTIONS]'])}\n```\n"
        yield f"{command.help}\n"
        yield "| argument or option | meaning | default |\n|---|---|---|"
        for each in command.params:
            shown = _metavar(each) if each.param_type_name == "argument" else _option(each)
            default = each.get_default(context)
            cells = (
                f"`{shown}`",
                each.help or "",
                "" if default is None or default is False or default == "" else f"`{default}`",
            )
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _option(option: Any) -> str:
    names = ", ".join((*option.opts, *option.secondary_opts))
    return names if option.is_flag else f"{names} {_metavar(option)}"
