"""Zips in zips in zips, each a thousand times larger than it looks."""

import io
import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    inner = b" " * (50 << 20)
    for level in range(6):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(10 if level else 1):
                archive.writestr(f"{copy}.{'zip' if level else 'ipynb'}", inner)
        inner = buffer.getvalue()
    (folder / f"{name}.zip").write_bytes(inner)
