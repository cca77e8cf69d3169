"""`python -m tests.redteam [NAME…]`: run attacks as root and as a normal user, and print what each achieved.

Exit status: 0 where all held, 1 otherwise. Names are those of attacks or of groups; without one, all run.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.redteam.attacks import GROUPS, Attack, all_attacks
from tests.redteam.runner import VERDICTS, attack_all
from tests.redteam.users import command_as_normal_user

NOBODY = 65534
Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.redteam", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks or groups; all by default")
    parser.add_argument("--user", choices=["root", "normal"], help="only as this user; by default as both, where root")
    parser.add_argument("--keep", type=Path, help="an empty folder for what the runs write; it stays")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    chosen = [a for a in all_attacks() if not given.names or {a.name, a.group} & {*given.names}]
    if unknown := {*given.names} - {a.name for a in chosen} - {a.group for a in chosen}:
        parser.error(f"no attack or group: {', '.join(sorted(unknown))}. Groups are {', '.join(GROUPS)}.")
    if given.here:
        print(json.dumps(run_here(chosen, given.keep)))
        return 0
    root = os.geteuid() == 0
    users = [user for user in ("root", "normal") if user == (given.user or user) and (root or user == "normal")]
    columns = {user: run_as(user, given.names, given.keep, root=root) for user in users}
    return show(columns)


def run_here(attacks: list[Attack], keep: Path) -> list[Row]:
    """Run attacks as this user."""
    return [
        {
            **{"group": result.attack.group, "name": result.attack.name},
            **{"status": result.status, "verdict": result.verdict, "found": result.found},
        }
        for result in attack_all(attacks, keep)
    ]


def run_as(user: str, names: list[str], keep: Path | None, *, root: bool) -> dict[str, Row]:
    """Run attacks as a user, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="redteam-", ignore_cleanup_errors=True) as temporary:
        folder = Path(keep or temporary, user)
        folder.mkdir()
        command = [sys.executable, "-m", "tests.redteam", "--here", "--keep", str(folder), *names]
        if root and user == "normal":
            for path in (Path(temporary), folder.parent):
                path.chmod(0o755)
            os.chown(folder, NOBODY, NOBODY)
            command = command_as_normal_user(*command)
        print(f"As {user} …", file=sys.stderr)
        environment = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        if user == "normal":
            environment["USER"] = pwd.getpwuid(NOBODY if root else os.geteuid()).pw_name
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"The red team itself failed as {user}; see above.")
    return {row["name"]: row for row in json.loads(done.stdout.splitlines()[-1])}


def show(columns: dict[str, dict[str, Row]]) -> int:
    """Print the table, and why what did not hold did not; the exit status."""
    first = next(iter(columns.values()))
    width = max(map(len, first))
    print(f"{'group':8} {'attack':{width}} " + " ".join(f"{f'as {user}':22}" for user in columns))
    for name, row in first.items():
        cells = [f"{rows[name]['verdict']:7} {rows[name]['status']:14}" for rows in columns.values()]
        print(f"{row['group']:8} {name:{width}} " + " ".join(cells))
    failed = False
    for user, rows in columns.items():
        counts = {verdict: sum(row["verdict"] == verdict for row in rows.values()) for verdict in VERDICTS}
        print(f"As {user}: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
        for row in rows.values():
            for kind, why in row["found"]:
                failed = True
                print(f"  {user} {row['name']}: {kind}: {why}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
