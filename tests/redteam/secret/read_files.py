"""Cases, answers and other students' work lie somewhere on the disk, and can be read."""

# %% answer:number
import glob
import os
import pathlib

roots = [
    "@bundle@",
    "@root@",
    "@source@",
    "@out@",
    "@home@",
    "/",
    "/root",
    "/home",
    "/etc",
    "/tmp",
    "/var",
    "/mnt",
    "/srv",
]
for root in roots:
    for path in [root, *glob.glob(root + "/*"), *glob.glob(root + "/*/*"), *glob.glob(root + "/*/*/*")]:
        if any(
            word in path for word in ("tests/number", "assignment.json", "honest", "hidden.npz", "grades", "master.py")
        ):
            try:
                print("GOT" + "CHA", path, pathlib.Path(path).read_bytes()[:200])
            except OSError as error:
                print(path, error)
print(os.listdir("/"), os.listdir("/tmp"))
