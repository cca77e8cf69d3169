"""A list nested 100,000 deep and one that holds itself break the serialiser, and what breaks is excused."""

STATUS = ("graded", "needs_review")  # a case that calls what is no function ends in an error

# %% answer:number
answer = []
for _ in range(100_000):
    answer = [answer]
# %% answer:labels
cyclic = []
cyclic.append(cyclic)
to_labels = cyclic
# %% answer:table
sizes = {}
sizes["rows"] = sizes["columns"] = sizes
