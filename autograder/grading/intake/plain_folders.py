"""Whose a file is where no system has named it: by its own name, its folder, or both; all hostile. Trusted side."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from autograder.errors import UsageError
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.layouts import Owned, copy_number, without_copy_marks
from autograder.grading.intake.name_words import VERSION_WORDS, different_people, usual_words, words_of
from autograder.grading.intake.sources import Found, may_be_read

__all__ = ["is_flat", "is_own", "plain_owned", "unwrapped"]

MOST_COPIES: Final = 5
"""Of one student; more of them are a download of many people's files of one name."""

# Files beside the notebooks of a flat folder that are the instructor's. Every other file counts as handed in: a
# superfluous report is noticed, a missing student is not.
_OWN: Final = re.compile(
    r"(readme|licen[cs]e|makefile|requirements|roster|grades)\b.*"
    r"|.*\.(csv|tsv|xlsx?|ods|md|json|ya?ml|toml|cfg|ini|log|npz|npy|h5|hdf5|keras|tmp|bak|sh|bat|lock)",
    re.IGNORECASE | re.DOTALL,
)


def plain_owned(found: Sequence[Found], students: str = "") -> list[Owned]:
    """Each file and its student.

    Args:
        found: The class, without folders around it.
        students: `folder` or `file`: what names the student; by default that is found out.

    Raises:
        UsageError: So many files would be copies of one that they must be of different people.
    """
    if students == "file" or (not students and _is_of_groups(found)):
        found = [_below(file, len(file.parts) - 1) for file in found if not file.folder]
    stems = [_stem(file) for file in found]
    bases = _bases([stem for file, stem in zip(found, stems, strict=True) if is_flat(file)])
    owned = []
    for file, stem in zip(found, stems, strict=True):
        base = bases.get(stem, stem) if is_flat(file) else stem
        order = (0, 0, copy_number(re.sub(r"\.[^.]*$", "", file.parts[-1])) if base != stem or not is_flat(file) else 0)
        owned.append(Owned(replace(file, order=order), Owner(base)))
    return owned


def unwrapped(found: list[Found], stem: str) -> list[Found]:
    """The files without the folders around the class, such as `submissions/` or one named like the zip."""
    while (inside := _inside(found, stem)) is not found:
        found = inside
    return found


def is_own(file: Found) -> bool:
    """Whether a file is the instructor's."""
    return is_flat(file) and bool(_OWN.fullmatch(file.parts[0])) and not may_be_read(file)


def is_flat(file: Found) -> bool:
    """Whether a file is in no folder."""
    return len(file.parts) == 1 and not file.folder


def _inside(found: list[Found], stem: str) -> list[Found]:
    """The same, below the folders that hold nothing but one folder, if there is a class; else `found` itself."""
    class_files = [file for file in found if not is_flat(file) or not (file.problem or _OWN.fullmatch(file.parts[0]))]
    level = 0
    while not any(is_flat(_below(file, level)) for file in class_files if len(file.parts) > level):
        tops = {file.parts[level] for file in class_files if len(file.parts) > level}
        if len(tops) != 1:
            break
        level += 1
        inside = [_below(file, level) for file in class_files if len(file.parts) > level]
        folders = {file.parts[0] for file in inside if file.folder or len(file.parts) > 1}
        readable = [file for file in inside if may_be_read(file)]
        # One student's folder holds one notebook with its data, or one folder; a class holds more.
        a_class = len({_stem(file) for file in readable}) > 1 or (
            len(folders) > 1 and not any(is_flat(file) for file in readable)
        )
        if a_class or (level == 1 and tops == {stem}):
            return [*(file for file in found if is_flat(file) and file.problem), *inside]
    return found


def _below(file: Found, levels: int = 1) -> Found:
    """The file as it is seen in a folder on its path."""
    return replace(file, parts=file.parts[levels:], above=(*file.above, *file.parts[:levels]))


def _is_of_groups(found: Sequence[Found]) -> bool:
    """Whether folders are groups of people: each holds several notebooks, and each of those is somebody else's."""
    folders: dict[str, list[Found]] = defaultdict(list)
    for file in found:
        if may_be_read(file) and not is_flat(file):
            folders[file.parts[0]].append(file)
    names = {folder: ["/".join(file.parts[1:]) for file in files] for folder, files in folders.items()}
    stems = Counter(_stem(_below(file, len(file.parts) - 1)) for files in folders.values() for file in files)
    if not folders or any(count > 1 for count in stems.values()):
        return False
    usual = usual_words(names.values()) | VERSION_WORDS
    return all(
        len(inside) > 1 and len(different_people(inside, usual | {*words_of(folder)})) == len(inside)
        for folder, inside in names.items()
    )


def _bases(stems: Sequence[str]) -> dict[str, str]:
    """The name of a copy → that without the marks of a copy, where it is one.

    Raises:
        UsageError: There are too many copies of one.
    """
    copies: dict[str, list[str]] = defaultdict(list)
    for stem in stems:
        if (base := without_copy_marks(stem)) != stem:
            copies[base].append(stem)
    bases: dict[str, str] = {}
    for base, names in copies.items():
        if base in stems or len(names) == 1:
            bases |= dict.fromkeys(names, base)
        if base in stems and len(names) > MOST_COPIES:
            raise UsageError(
                f"`{base}` and {len(names)} copies of it, such as `{names[0]}`, would be one student's. If they are "
                "several people's, give their files names that differ, or a pattern with --students."
            )
    return bases


def _stem(file: Found) -> str:
    """The part of a file's or top folder's name that names the student: without its ending."""
    name = file.parts[0]
    if not is_flat(file):
        return name
    return re.sub(r"(\.ipynb(\.txt|\.json)?|\.tar\.\w{2,3}|\.\w{1,5})$", "", name, flags=re.IGNORECASE) or name
