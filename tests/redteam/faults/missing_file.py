"""A file that only the student has costs all points, and nobody is asked."""

STATUS = "needs_review"
SHOWN = ("my-own-numbers.csv",)

# %% answer:number
answer = int(open("my-own-numbers.csv").read())
