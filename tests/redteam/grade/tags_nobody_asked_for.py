"""Tags with other names, patterns and signs make questions that give points."""

# %% answer:bonus answer:* answer: answer:../number answer:number\x00 solution:number hide-cell
answer = 1
# %% answer:extra_credit
extra_credit = 100
