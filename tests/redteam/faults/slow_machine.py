"""A machine that is busy with other things makes honest work run into its limits."""

from tests.busy import busy_machine

ALONE = True


def beside():
    return busy_machine(20)


# %% answer:number
answer = 1
