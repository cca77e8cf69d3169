"""A grader of which any process is killed at any moment loses nothing; see `kills`, which goes on for longer."""

from __future__ import annotations

from pathlib import Path

from tests.faults.kills import VICTIMS, Killer

KILLS = 8


def test_kills_at_random_moments(tmp_path: Path) -> None:
    killer = Killer(tmp_path, seed=0)
    for _ in range(KILLS):
        killer.kill_one()
    assert all(killer.counts[victim] for victim in VICTIMS)
