"""Which submissions are equal or nearly equal: a hint to look at both, and never a verdict. Trusted side.

Code is compared without names of variables, comments, texts and white space, and without what came with the exercise;
of written answers the words. Passages are compared by fingerprints, as in S. Schleimer, D. Wilkerson and A. Aiken,
"Winnowing: local algorithms for document fingerprinting", SIGMOD 2003: every run of `PASSAGE + WINDOW - 1` tokens that
two texts share gives them a fingerprint in common. As in their MOSS, what more than ten texts have is the usual answer,
and no hint.

The time is that of sorting all fingerprints: one that more than ten texts have is left out, so that none gives more
than 45 pairs. A text takes eight bytes for each fingerprint. Students' cells are hostile: they are read by a pattern,
cut, and never parsed.
"""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations, zip_longest
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.records import SELF_CHECK, Cell, Grade
from autograder.wording import listed

__all__ = ["AlikeSubmissions", "LinePair", "SubmissionIndex", "own_cells", "side_by_side"]

PASSAGE = 12
"""Tokens of one fingerprint: about a call with its arguments."""
WINDOW = 6
"""Of so many neighbouring passages one is kept."""
MIN_SHARED = 10
"""Fingerprints that two texts share, and few others have: about 40 tokens."""
MIN_SHARE = 0.8
"""Of the fingerprints of the shorter one that few others have."""
MAX_HOLDERS = 10
MAX_TOKENS = 6_000
MAX_SOURCE = 200_000
"""Characters of a submission that are compared."""
MAX_LISTED = 40
MAX_LINES = 150
"""Of a text that is shown beside another one."""

Numbers = np.ndarray[Any, np.dtype[np.uint64]]
_KEPT = frozenset([*keyword.kwlist, *dir(builtins)])
_BASE, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<text>(?:\b[rbfu]{1,2})?(?:(?P<q>\"{3}|'{3})(?s:.*?)(?:(?P=q)|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
    |(?P<name>[^\W\d]\w*)(?P<given>\s*=(?!=))?
    |(?P<other>\d[\w.]*|[^\s\w])""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class AlikeSubmissions:
    """Students whose submissions are alike: all of those that are equal, or two.

    Attributes:
        reason: In words, what is equal.
    """

    students: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class LinePair:
    """Two lines side by side; one may be empty. Hostile text.

    Attributes:
        same: Whether they are the same, names, comments, texts and white space aside.
    """

    left: str
    right: str
    same: bool


@dataclass(frozen=True)
class _Text:
    student: str
    file: str
    digest: str
    prints: Numbers
    weights: dict[str, str]


class SubmissionIndex:
    """The fingerprints of a class, added one submission at a time."""

    def __init__(self, stub: Iterable[str]) -> None:
        """Begin with what came with the exercise: the sources of its cells; none if they are not known."""
        self._stub = tuple(stub)
        known = [_passages(_tokens(source, code=True)) for source in self._stub]
        self._given = np.unique(np.concatenate(known)) if known else np.empty(0, np.uint64)
        self._texts: list[_Text] = []

    def add(self, grade: Grade, cells: Sequence[Cell]) -> None:
        """Add a submission's own code and written answers; nothing of one that has none."""
        tokens = [token for cell in own_cells(cells, self._stub) for token in _tokens(cell.source, cell.kind == "code")]
        passages = _passages(tokens[:MAX_TOKENS])
        own = passages[~np.isin(passages, self._given)]
        if own.size:
            digest = hashlib.sha256("\0".join(tokens).encode("utf-8", "replace")).hexdigest()
            kept = sliding_window_view(own, min(WINDOW, own.size)).min(axis=1)
            self._texts.append(_Text(grade.student, grade.digest, digest, np.unique(kept), _trained(grade)))

    def alike(self) -> list[AlikeSubmissions]:
        """Who handed in the same file, equal texts, equal trained weights, and texts that are nearly equal.

        The most alike first, and at most 40.
        """
        files, equal = defaultdict(list), defaultdict(list)
        for text in self._texts:
            files[text.file or text.student].append(text.student)
            equal[text.digest].append(text)
        texts = [same[0] for same in equal.values()]
        rare, pairs = _compared(texts)
        found = [AlikeSubmissions(tuple(who), "The same file") for who in files.values() if len(who) > 1]
        named = {each.students for each in found}
        for own, count in zip(texts, rare, strict=True):
            who = tuple(text.student for text in equal[own.digest])
            if len(who) > 1 and count >= MIN_SHARED and who not in named:
                found.append(AlikeSubmissions(who, "The same, apart from names, texts, comments and white space"))
        found += _equal_weights(self._texts, _most(len(texts)))
        near = [(shared / min(rare[one], rare[other]), one, other) for one, other, shared in pairs]
        for share, one, other in sorted(near, key=lambda pair: (-pair[0], pair[1:])):
            if share >= MIN_SHARE:
                who = (texts[one].student, texts[other].student)
                found.append(AlikeSubmissions(who, f"{100 * share:.0f} % of what few others have in the shorter one"))
        return found[:MAX_LISTED]


def _trained(grade: Grade) -> dict[str, str]:
    """Digest → name of each network that was trained, as a history or other weights in an earlier question say.

    Untrained ones are equal wherever an exercise sets the random seed.
    """
    trained: dict[str, str] = {}
    before: dict[str, str] = {}
    for question in grade.questions:
        for name, digest in question.weights.items():
            if question.histories or before.get(name, digest) != digest:
                trained[digest] = name
            before[name] = digest
    return trained


def _equal_weights(texts: Iterable[_Text], most: int) -> Iterator[AlikeSubmissions]:
    """Networks with the same trained weights in different texts, where few texts have them."""
    holders: dict[str, list[_Text]] = defaultdict(list)
    for text in texts:
        for digest in text.weights:
            holders[digest].append(text)
    names: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for digest, held in holders.items():
        if 1 < len({text.digest for text in held}) <= most:
            names[tuple(text.student for text in held)].append(held[0].weights[digest])
    for students, equal in names.items():
        yield AlikeSubmissions(students, f"Equal trained weights of {listed(sorted(equal))}, from other code")


def _most(texts: int) -> int:
    """How many of so many texts may have in common what is to count."""
    return min(MAX_HOLDERS, max(3, texts // 5))


def _compared(texts: Sequence[_Text]) -> tuple[list[int], list[tuple[int, int, int]]]:
    """How many rare fingerprints each text has; two texts and how many of these they share, where that is enough."""
    if not texts:
        return [], []
    prints = np.concatenate([text.prints for text in texts])
    owners = np.repeat(np.arange(len(texts)), [text.prints.size for text in texts])
    order = np.argsort(prints, kind="stable")
    _, starts, counts = np.unique(prints[order], return_index=True, return_counts=True)
    owners = owners[order]
    most = _most(len(texts))
    rare = np.bincount(owners[np.repeat(counts <= most, counts)], minlength=len(texts))
    keys = [np.empty(0, np.int64)]
    for holders in range(2, most + 1):
        together = owners[starts[counts == holders][:, None] + np.arange(holders)]
        keys += [together[:, one] * len(texts) + together[:, other] for one, other in combinations(range(holders), 2)]
    found, shared = np.unique(np.concatenate(keys), return_counts=True)
    enough = shared >= MIN_SHARED
    pairs = zip(*np.divmod(found[enough], len(texts)), shared[enough], strict=True)
    return rare.tolist(), [(int(one), int(other), int(count)) for one, other, count in pairs]


def own_cells(cells: Iterable[Cell], stub: Iterable[str]) -> Iterator[Cell]:
    """The code and the written answers of a notebook, without cells that are as they came with the exercise."""
    given = {source.strip() for source in stub}
    left = MAX_SOURCE
    for cell in cells:
        source = cell.source.strip()
        if (cell.kind == "code" or cell.answers) and source not in given and not source.startswith(SELF_CHECK):
            if len(source) > left:
                return
            left -= len(source)
            yield cell


def side_by_side(one: Iterable[Cell], other: Iterable[Cell]) -> Iterator[LinePair]:
    """Two texts, line beside line where these are the same, names, comments, texts and white space aside."""
    left, right = (
        [line for cell in cells for line in cell.source.splitlines() if line.strip()][:MAX_LINES]
        for cells in (one, other)
    )
    mine, theirs = (["\0".join(_tokens(line, code=True)) or line.strip() for line in lines] for lines in (left, right))
    for kind, start, end, first, last in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        for here, there in zip_longest(left[start:end], right[first:last], fillvalue=""):
            yield LinePair(here, there, kind == "equal")


def _tokens(source: str, code: bool) -> list[str]:
    """The tokens of a cell; of code with `v` for a variable and `t` for a text."""
    if not code:
        return re.findall(r"\w+", source[:MAX_SOURCE].casefold())
    tokens: list[str] = []
    depth = 0
    for match in _TOKEN.finditer(source[:MAX_SOURCE]):
        name, kind = match["name"], match.lastgroup
        if name:
            after_dot = bool(tokens) and tokens[-1] == "."
            argument = match["given"] and depth > 0
            known = after_dot or argument or name in _KEPT or name[0].isupper()
            tokens.append(name if known else "v")
            if match["given"]:
                tokens.append("=")
        elif match["text"]:
            tokens.append("t")
        elif kind == "other":
            sign = match["other"]
            depth += (sign in "([{") - (sign in ")]}")
            tokens.append(sign)
    return tokens


def _passages(tokens: Sequence[str]) -> Numbers:
    """A number for each `PASSAGE` tokens that follow each other."""
    if len(tokens) < PASSAGE:
        return np.empty(0, np.uint64)
    numbers = np.array([zlib.crc32(token.encode("utf-8", "replace")) for token in tokens], np.uint64)
    powers = np.cumprod(np.full(PASSAGE, _BASE), dtype=np.uint64)
    passages: Numbers = (sliding_window_view(numbers, PASSAGE) * powers).sum(axis=1, dtype=np.uint64)
    passages ^= passages >> np.uint64(29)
    return passages * _SPREAD
