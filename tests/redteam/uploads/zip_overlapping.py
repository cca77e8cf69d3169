"""A hundred entries that share the same compressed bytes unpack to a hundred times as much."""

import struct
import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00.ipynb", b" " * (90 << 20))
    data = path.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    one = data[at:end]
    names = [one[:46] + b"%02d" % n + one[48:] for n in range(100)]
    central = b"".join(names)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 100, 100, len(central), at, 0)
    path.write_bytes(data[:at] + central + tail)
