"""Each target on its corpus and on mutations of it, the same ones each time; `make fuzz` looks for new ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import CORPUS, NAMES, load

MAX_BYTES = 4_000
KEPT = [path for name in NAMES for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_inputs_that_are_kept(path: Path) -> None:
    load(path.parent.name).check(path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_mutations_of_them(name: str) -> None:
    target = load(name)

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(mutations([path.read_bytes() for path in KEPT if path.parent.name == name], target.TOKENS))
    def holds(data: bytes) -> None:
        target.check(data)

    holds()


@st.composite
def mutations(draw: st.DrawFn, kept: list[bytes], tokens: tuple[bytes, ...]) -> bytes:
    """An input that is kept, with a few pieces cut out, put in, repeated or replaced."""
    data = draw(st.sampled_from(kept))[:MAX_BYTES]
    pieces = st.sampled_from(tokens) | st.binary(max_size=4) | st.sampled_from(kept).map(lambda other: other[:200])
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + draw(st.sampled_from((0, 1, 4, 60))))))
        piece = draw(pieces) * draw(st.sampled_from((0, 1, 1, 1, 2, 30)))
        data = data[:start] + piece + data[end:]
    return data[:MAX_BYTES]
