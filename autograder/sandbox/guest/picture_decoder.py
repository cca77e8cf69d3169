"""Decodes the pictures of a student into plain pixels, in a sandbox of its own without other code. Untrusted side."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

__all__ = ["decoded_picture"]

MAX_PIXELS = 40_000_000
"""Of what is decoded: a few kilobytes can unpack to gigabytes, and then the others would be lost, too."""


def decoded_picture(path: str, side: int) -> Any:
    """Height × width × 3 as uint8, on white; None for what is no picture. Of an animation it is the first frame.

    Args:
        path: The file.
        side: How high and wide it may be; a larger picture is made smaller.
    """
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with Image.open(Path(path)) as picture:
            picture.draft("RGB", (side, side))  # a photo is made smaller while it is decoded
            if math.prod(picture.size) > MAX_PIXELS:
                return None
            turned = ImageOps.exif_transpose(picture)
            turned.thumbnail((side, side))
            shown = Image.new("RGBA", turned.size, "white")
            shown.alpha_composite(turned.convert("RGBA"))
            return np.asarray(shown.convert("RGB"))
    except Exception:  # noqa: BLE001 - Pillow raises what a damaged file makes it raise
        return None
