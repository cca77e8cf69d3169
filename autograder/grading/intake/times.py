"""When something was handed in, as systems write it; hostile text. Trusted side."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["iso_time"]

_MOST: Final = 100
# The months of English, German, French, Spanish and Italian begin so.
_MONTHS: Final = (
    *("jan|gen|ene", "feb|fév", "mar|mär", "apr|avr|abr", "may|mai|mag", "jun|juin|giu", "jul|juil|lug"),
    *("aug|aoû|ago", "sep|set", "oct|okt|ott", "nov", "dec|dez|déc|dic"),
)
_CLOCK: Final = r"(?P<hour>\d{1,2}):?(?P<minute>\d\d)\s*(?P<half>[AP]M)?"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)[-T ]?(?P<hour>\d\d)[-:]?(?P<minute>\d\d)"
        r"(?:[-:]?(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<zone>\S*)",
        r"(?:[^\W\d]+,? )?(?P<day>\d{1,2})\.? (?:de )?(?P<word>[^\W\d]+)\.? (?:de )?(?P<year>\d{4}),? " + _CLOCK,
        r"(?:[^\W\d]+, )?(?P<word>[^\W\d]+) (?P<day>\d{1,2}), (?P<year>\d{4}),? " + _CLOCK,
    )
)


def iso_time(text: str) -> str:
    """A time in ISO 8601, to the second; with an offset where the text has a zone. Empty where it is no time.

    Numbers from year to second (`20261105151000`, `2026-11-05 15:10:00.0 UTC`), and days in words as Moodle and
    Brightspace have them: `Thursday, 5 November 2026, 3:10 PM`, `Nov 5, 2026 0310 PM`.
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(text.strip()[:_MOST]))), None)
    if found is None:
        return ""
    parts = found.groupdict()
    word = (parts.get("word") or "").casefold()
    month = next((at for at, begins in enumerate(_MONTHS, start=1) if re.match(begins, word)), 0) if word else 0
    hour = int(parts["hour"])
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    try:
        return datetime(
            int(parts["year"]),
            month or int(parts.get("month") or 0),
            int(parts["day"]),
            hour,
            int(parts["minute"]),
            int(parts.get("second") or 0),
            tzinfo=_zone(parts.get("zone") or ""),
        ).isoformat()
    except ValueError:
        return ""


def _zone(name: str) -> tzinfo | None:
    """A time zone by its offset or name.

    Raises:
        ValueError: There is none.
    """
    if not name:
        return None
    if name.upper() in ("Z", "UTC"):
        return timezone.utc
    if offset := re.fullmatch(r"([+-])(\d\d):?(\d\d)", name):
        return timezone(int(f"{offset[1]}1") * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    try:
        return ZoneInfo(name)
    except (OSError, KeyError) as error:  # with it ZoneInfoNotFoundError
        raise ValueError(name) from error
