"""Bring the catalogue of messages up to date with the sources: new texts in, old ones out, the rest compiled.

`make catalogue` does it; what it then names as untranslated is to be written into the catalogue by hand.
"""

from __future__ import annotations

import io
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parents[1] / "autograder"
CATALOGUES = sorted((PACKAGE / "locale").glob("*/LC_MESSAGES/autograder.po"))
METHODS = [("**.py", "python"), ("**/templates/*.j2", "jinja2")]
# How Python and templates mark a text.
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
OPTIONS = {"**/templates/*.j2": {"trimmed": "true"}}


def read(path: Path) -> Catalog:
    """A catalogue as it is in the repository."""
    with path.open("rb") as file:
        return read_po(file)


def updated(catalogue: Catalog) -> Catalog:
    """The same with the texts that are in the sources now, in their order, and no others."""
    current = Catalog(
        locale=catalogue.locale,
        header_comment="# Written by `make catalogue`, but for the translations.",
        project="keras-autograder",
        version="0",
        msgid_bugs_address="-",
        creation_date=catalogue.creation_date,
        revision_date=catalogue.revision_date,
        last_translator="-",
        language_team="-",
        fuzzy=False,
    )
    found = extract_from_dir(PACKAGE, METHODS, OPTIONS, KEYWORDS)
    for name, _line, text, _comments, _context in sorted(found, key=lambda each: (each[0], each[1])):
        known = catalogue.get(text[0] if isinstance(text, tuple) else text)
        translated = known.string if known is not None and known.pluralizable == isinstance(text, tuple) else None
        current.add(text, translated, [(f"autograder/{name}", None)])
    return current


def written(catalogue: Catalog) -> bytes:
    """A catalogue as its file has it."""
    file = io.BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as `gettext` reads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def faults(catalogue: Catalog) -> Iterator[str]:
    """What is wrong with translations: one that lacks, is a guess, or has other fields than the text."""
    for message in catalogue:
        if message.id:
            yield from _faults_of(message)


def _faults_of(message: Message) -> Iterator[str]:
    texts, translated = (
        [each or ""] if isinstance(each, str | None) else list(each) for each in (message.id, message.string)
    )
    if message.fuzzy or not all(translated):
        yield f"not translated: {texts[0]}"
        return
    for text in translated:
        if _fields(text) not in [_fields(each) for each in texts]:
            yield f"other fields: {texts[0]}"
        if any(text.count(mark) != max(each.count(mark) for each in texts) for mark in "`<>"):
            yield f"other code: {texts[0]}"


def _fields(text: str) -> set[str | None]:
    return {field for _text, field, _spec, _conversion in string.Formatter().parse(text)} - {None}


def main() -> None:
    """Write all catalogues; exits with 1 where translations lack."""
    wrong = []
    for path in CATALOGUES:
        catalogue = updated(read(path))
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        wrong += [f"{path}: {fault}" for fault in faults(catalogue)]
    sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
