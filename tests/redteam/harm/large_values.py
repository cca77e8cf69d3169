"""Values of a gigabyte, and millions of small ones, fill the grader's memory."""

# %% answer:number
answer = [None] * 30_000_000
# %% answer:table
sizes = {"rows": np.zeros(100_000_000, np.int8), "columns": "x" * 100_000_000}
