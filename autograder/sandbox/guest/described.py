"""An object that is only described: its class and its attributes. Untrusted side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Described"]


@dataclass(frozen=True)
class Described:
    """What is sent as a `wire.values.Object` of which nothing can be asked.

    Attributes:
        kind: Name of its class.
        fields: Its attributes, any values.
    """

    kind: str
    fields: dict[str, Any]
