"""Who is who in a download whose files say it, and when they handed in; hostile. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import yaml

from autograder.errors import UsageError
from autograder.grading.intake import sources
from autograder.grading.intake.sources import Found
from autograder.grading.intake.times import iso_time

__all__ = ["Details", "Owner", "details_of", "time_in"]

_LINE: Final = 400
_NAME: Final = re.compile(r"[^:]{1,30}: *(?P<name>\S.{0,200}?) *\((?P<id>[^()]{1,100})\)\s*")


class Owner(NamedTuple):
    """Whose a file is, as the download says: a name, a number or login of the system, an address; each may be empty."""

    name: str
    id: str = ""
    email: str = ""


class Details(NamedTuple):
    """What a download says of something that was handed in.

    Attributes:
        owners: The people who did.
        handed_in: See `records.Submission`.
    """

    owners: tuple[Owner, ...] = ()
    handed_in: str = ""


def details_of(system: str, files: Sequence[Found]) -> dict[str, Details]:
    """What a download says of each of its ids.

    Args:
        system: Its name in `layouts.LAYOUTS`.
        files: Those of the download that say it.

    Raises:
        UsageError: A file cannot be read.
    """
    read = _READERS.get(system)
    found: dict[str, Details] = {}
    for file in files if read else ():
        (content,) = sources.contents(file)
        if content.problem:
            raise UsageError(f"{file.name} cannot be read, and it says whose each submission is. Download it again.")
        text = content.data.decode("utf-8-sig", "replace")
        found |= read(text, file) if read else {}
    return found


def time_in(file: Found) -> str:
    """The time that a file holds; empty where it holds none, or cannot be read."""
    (content,) = sources.contents(file)
    return iso_time(content.data[:_LINE].decode("utf-8-sig", "replace"))


class _Lenient(yaml.SafeLoader):  # type: ignore[misc] # it has no types
    """Plain data of a file that another language wrote: what has a type of that language is plain data, too."""


def _plain(loader: _Lenient, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else str(node.value)


_Lenient.flatten_mapping = lambda loader, node: None  # no merging of what is referred to: it may grow without bound
_Lenient.add_multi_constructor("!", _plain)
_Lenient.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


def _gradescope(text: str, file: Found) -> dict[str, Details]:
    try:
        entries = yaml.load(text, _Lenient)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{file.name} is damaged, and it says whose each submission is. Download it again.") from error
    people = {}
    for key, entry in entries.items() if isinstance(entries, Mapping) else ():
        submitters = entry.get(":submitters") if isinstance(entry, Mapping) else None
        listed = submitters if isinstance(submitters, list) else []
        owners = [_submitter(each) for each in listed if isinstance(each, Mapping)]
        created = entry.get(":created_at") if isinstance(entry, Mapping) else None
        handed_in = iso_time(created) if isinstance(created, str) else ""
        named = tuple(owner for owner in owners if owner.name)
        people[str(key).removeprefix("submission_")] = Details(named, handed_in)
    return people


def _submitter(entry: Mapping[Any, Any]) -> Owner:
    values = (entry.get(key) for key in (":name", ":sid", ":email"))
    name, sid, email = (str(value).strip()[:300] if isinstance(value, (str, int)) else "" for value in values)
    return Owner(name or email or sid, sid, email)


def _blackboard(text: str, file: Found) -> dict[str, Details]:
    found = _NAME.fullmatch(
        text.lstrip().partition("\n")[0][:400]
    )  # further lines are the student's, such as a comment
    return {found["id"]: Details((Owner(found["name"], found["id"]),))} if found else {}


_READERS: Final[Mapping[str, Callable[[str, Found], dict[str, Details]]]] = {
    "Gradescope": _gradescope,
    "Blackboard": _blackboard,
}
