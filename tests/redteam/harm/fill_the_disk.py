"""Files fill the machine's disk, in every folder that can be written."""

# %% answer:number
import os

written = 0
for folder in ("/tmp", "/dev/shm", "/var/tmp", os.getcwd()):
    for number in range(50):
        try:
            with open(f"{folder}/hog{number}", "wb") as file:
                for _ in range(100):
                    written += file.write(b"\0" * (1 << 20))
        except OSError:
            break
print(written >> 20, "MiB")
if written > 600 << 20:
    print("GOT" + "CHA", written)
