"""Ten gigabytes are written to the descriptors of the output, past Python."""

# %% answer:number
import os

line = b"x" * 1_000_000
for _ in range(10_000):
    for fd in (1, 2):
        try:
            os.write(fd, line)
        except OSError:
            pass
