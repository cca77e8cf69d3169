"""A cell that waits for ever uses no processor time, and so meets no limit of it."""

STATUS = "needs_review"

# %% answer:number
import time

while True:
    try:
        time.sleep(999)
    except BaseException:
        pass
