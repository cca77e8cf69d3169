"""A list, array or range of many numbers: one of them equals the expected one."""

# %% answer:number
answer = list(range(100_000))
# %% answer:table
sizes = {"rows": range(601), "columns": [1, 2, 3]}
