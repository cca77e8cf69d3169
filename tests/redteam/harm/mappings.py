"""Mappings, hundreds of thousands of them, cost the kernel memory that no process shows."""

STATUS = ("graded", "needs_review")

# %% answer:number
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
child = any(os.fork() == 0 for _ in range(8))
count = 0
while libc.mmap(None, 4096, count % 2 + 1, 0x22, -1, 0) not in (None, ctypes.c_void_p(-1).value) and count < 70_000:
    count += 1
if child:
    os._exit(0)
print(count)
