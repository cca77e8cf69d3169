"""New namespaces, mounts and privileges open a way out."""

# %% answer:number
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000):
    if libc.unshare(flag) == 0:
        print("GOT" + "CHA unshare", hex(flag))
if libc.mount(b"/dev/vda", b"/tmp", b"ext4", 0, None) == 0 or libc.umount2(b"/proc", 2) == 0:
    print("GOT" + "CHA mount")
for call in (os.setuid, os.setgid):
    try:
        call(0)
        print("GOT" + "CHA", call)
    except OSError as error:
        print(error)
for number in (321, 323, 425, 250, 175, 246, 169, 155, 165):
    if libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
        print("GOT" + "CHA system call", number)
try:
    os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0))
    print("GOT" + "CHA mknod")
except OSError as error:
    print(error)
