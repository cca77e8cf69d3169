"""Grades, pages, other people's notebooks and the machine's files can be written."""

# %% answer:number
import os
import pathlib

for path in (
    "@out@/grades.json",
    "@out@/feedback/@mark@.html",
    "@source@/@mark@.ipynb",
    "@home@/@mark@",
    "@root@/@mark@",
    "/usr/@mark@",
    "/etc/@mark@",
    "/dev/@mark@",
    "/@mark@",
    "/tmp/@mark@",
    "/dev/shm/@mark@",
    "/var/tmp/@mark@",
    "/proc/sys/kernel/core_pattern",
    "/sys/kernel/uevent_helper",
    "/proc/sysrq-trigger",
    "/proc/self/oom_score_adj",
):
    try:
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_text("1000")
        print("written", path)
        if not path.startswith(("/tmp/", "/dev/shm/", "/proc/self/")):
            if path.startswith(("/proc/sys/", "/sys/", "/usr", "/etc")):
                print("GOT" + "CHA", path)
    except OSError as error:
        print(error)
