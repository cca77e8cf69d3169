"""Shared memory that no process has mapped is nobody's."""

# %% answer:number
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
taken = 0
for _ in range(40):
    fd = libc.syscall(319, b"x", 0)  # memfd_create
    if fd < 0:
        break
    try:
        for _ in range(100):
            taken += os.write(fd, b"\1" * (1 << 20))
    except OSError:
        break
for _ in range(40):
    if libc.shmget(0, 100 << 20, 0o1600) < 0:
        break
    taken += 100 << 20
print(taken)
if taken > 500 << 20:
    print("GOT" + "CHA", taken)
