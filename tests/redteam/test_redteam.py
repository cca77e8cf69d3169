"""One attack of each group, in one class; `make redteam` runs all of them, as root and as a normal user."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.redteam.attacks import GROUPS, HERE, all_attacks
from tests.redteam.runner import Result, attack_all

CHOSEN = {
    "grade": "forged_frames",
    "secret": "public_case_tells",
    "harm": "daemon",
    "poison": "script_in_html",
    "uploads": "zip_bomb",
    "faults": "malformed_value",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    chosen = [attack for attack in all_attacks() if attack.name in CHOSEN.values()]
    return {result.attack.name: result for result in attack_all(chosen, tmp_path_factory.mktemp("redteam"))}


@pytest.mark.parametrize("name", CHOSEN.values())
def test_an_attack_of_each_group_holds(results: dict[str, Result], name: str) -> None:
    assert results[name].found == []


def test_attacks_are_distinct_and_say_what_is_hoped_for() -> None:
    attacks = all_attacks()
    assert len({attack.student for attack in attacks}) == len(attacks) >= 120
    assert {attack.group for attack in attacks} == set(GROUPS)
    for attack in attacks:
        assert attack.hope.endswith("."), attack.name
        assert bool(attack.cells) + bool(attack.upload) + bool(attack.entries) == 1, attack.name


def test_the_documentation_counts_them() -> None:
    page = (HERE.parents[1] / "docs" / "attacks.md").read_text()
    counted = {group: int(number) for group, number in re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", page, re.MULTILINE)}
    assert counted == Counter(attack.group for attack in all_attacks())
