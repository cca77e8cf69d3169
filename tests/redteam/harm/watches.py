"""Entries of epoll, inotify, timers and locks, as many as there can be, cost the kernel memory."""

STATUS = ("graded", "needs_review")

# %% answer:number
import fcntl
import os
import select

polls, count = [], 0
try:
    while True:
        polls.append(select.epoll())
except OSError:
    pass
for poll in polls[: len(polls) // 2]:
    for other in polls[len(polls) // 2 :]:
        try:
            poll.register(other.fileno())
            count += 1
        except OSError:
            break
for poll in polls[:20]:
    poll.close()
with open("/tmp/locks", "w+b") as file:
    try:
        for at in range(200_000):
            fcntl.lockf(file, fcntl.LOCK_EX, 1, 2 * at)
            count += 1
    except OSError:
        pass
print(count)
