"""Ten gigabytes of output fill the grader's memory and the page."""

# %% answer:number
line = "x" * 1_000_000
for _ in range(10_000):
    print(line)
