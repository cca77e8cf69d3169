"""Whose a submission is, by the class list and by what a folder of grades knows; names are hostile. Trusted side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from autograder.errors import UsageError
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.roster import Roster, match
from autograder.grading.intake.student_ids import distinct, same_student
from autograder.grading.intake.submissions import NOBODY, Item
from autograder.grading.results.output_folder import OutputFolder
from autograder.records import NOT_LISTED

__all__ = ["ClassMembers"]


class ClassMembers:
    """Who handed in.

    Attributes:
        items: The submissions, each under its student's id.
        absent: Students of the class list who handed in nothing.
        unlisted: Students of submissions who are not on the list.
    """

    def __init__(self, items: Iterable[Item], roster: Roster | None, system: str) -> None:
        """Give submissions the ids that their students have on the class list.

        Args:
            items: The submissions.
            roster: The list, if there is one.
            system: The system that they come from, if that is known.

        Raises:
            UsageError: Nobody who handed in is on the list.
        """
        self.items = list(items)
        self.absent: tuple[str, ...] = ()
        self.unlisted: frozenset[str] = frozenset()
        self._roster, self._system = roster, system
        self._before: dict[str, tuple[Owner, str, str]] = {}
        if roster is not None:
            self._find(roster)

    def _find(self, roster: Roster) -> None:
        owners = {item.student: item.owner for item in self.items}
        numbered = [
            student for student, owner in owners.items() if owner.id and self._system and self._system == roster.system
        ]
        found = match(roster, owners, owners, numbered)
        if not found.found and len(self.items) > 1:  # a late student may well be the one who is not on it
            raise UsageError(
                f"nobody who handed in ({len(self.items)} in all) is on the class list: it has students such as "
                f"`{roster.students[0]}`, from its column `{roster.column}`; a submission is "
                f"`{self.items[0].student}`. Give the list a column `student` with the names that the files have."
            )
        self.items = [
            replace(item, student=student, owner=roster.owner(student, item.owner))
            if (student := found.found.get(item.student)) is not None
            else item
            for item in self.items
        ]
        self.absent, self.unlisted = found.missing, frozenset(found.unknown)

    def keep_part(self, number: int, total: int) -> None:
        """Leave out all but one of so many parts; those who handed in nothing are in the first."""
        self.items = self.items[number - 1 :: total]
        self.absent = self.absent if number == 1 else ()

    def recognise(self, folder: OutputFolder) -> None:
        """Give submissions the ids that their students have in a folder already: by the system's number, or by case.

        A namesake with another number gets an id of another student, so that no grade takes the place of somebody
        else's. Where two submissions would get one id, all keep their own.
        """
        numbered: dict[str, list[str]] = defaultdict(list)
        known: dict[str, str] = {}
        for entry in folder.entries():
            owner = Owner(entry.shown_name, entry.id, entry.email)
            self._before[entry.student] = owner, entry.digest, entry.handed_in
            known[same_student(entry.student)] = entry.student
            if entry.id:
                numbered[entry.id].append(entry.student)

        def there(item: Item) -> str:
            of_number = numbered.get(item.owner.id, [])
            if len(of_number) == 1:
                return of_number[0]
            named = known.get(same_student(item.student), item.student)
            number = self._before[named][0].id if named in self._before else ""
            if number and item.owner.id and number != item.owner.id:
                return distinct([(named, number), (item.student, item.owner.id)])[1]
            return named

        named = [replace(item, student=there(item)) for item in self.items]
        if len({item.student for item in named}) == len(named):
            self.items = named

    def revise(self, folder: OutputFolder, standing: Mapping[str, str]) -> None:
        """Put into grades what is known of their students now: they may have been made with another class list.

        Args:
            folder: The grades; those of students who are neither in the upload nor on the list stay as they are.
            standing: Student → when the upload says that was handed in of which a grade was there already.
        """
        owners = {item.student: item.owner for item in self.items}
        times: Mapping[str, str] = {}
        if self._roster is not None:
            owners |= {student: self._roster.absent(student, self._system) for student in self.absent}
            times = self._roster.times
        for entry in folder.entries():
            if (owner := owners.get(entry.student)) is None:
                continue
            before, digest, time = self._before.get(entry.student, (NOBODY, "", ""))
            name = (before.name if self._roster is None else "") or owner.name
            others = tuple(warning for warning in entry.warnings if warning != NOT_LISTED)
            revised = replace(
                entry,
                warnings=(*others, NOT_LISTED) if entry.student in self.unlisted else others,
                name="" if name == entry.student else name,
                id=owner.id or entry.id or before.id,
                email=owner.email or entry.email or before.email,
                handed_in=standing.get(entry.student, entry.handed_in)
                or times.get(entry.student)
                or entry.handed_in
                or (time if digest == entry.digest else ""),
            )
            if revised != entry:
                folder.revise(revised)
