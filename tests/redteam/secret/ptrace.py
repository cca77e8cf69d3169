"""ptrace, process_vm_readv and pidfd_getfd read the memory and the files of other processes."""

# %% answer:number
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(64)
for pid in (1, 2, os.getppid(), int("@pid@")):
    if pid == os.getpid():
        continue
    if libc.ptrace(16, pid, 0, 0) == 0:
        print("GOT" + "CHA ptrace", pid)
    vec = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
    if libc.process_vm_readv(pid, vec, 1, vec, 1, 0) > 0:
        print("GOT" + "CHA process_vm_readv", pid)
    handle = libc.syscall(434, pid, 0)
    if handle >= 0 and libc.syscall(438, handle, 0, 0) >= 0:
        print("GOT" + "CHA pidfd_getfd", pid)
