"""A grader of which any process is killed at any moment loses nothing; see `kills`, which goes on for longer."""

from __future__ import annotations

from pathlib import Path

from tests.faults.kills import VICTIMS, Killer


def test_kills_at_random_moments(tmp_path: Path) -> None:
    """One of each kind here; `make kills` as many as one likes."""
    killer = Killer(tmp_path, seed=0)
    for victim in VICTIMS:
        killer.kill_one(victim)
    assert all(killer.counts[victim] == 1 for victim in VICTIMS)
