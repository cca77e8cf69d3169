"""A package that the grader lacks costs all points, and nobody is asked."""

STATUS = "needs_review"
SHOWN = ("no_such_package_anywhere",)

# %% answer:number
import no_such_package_anywhere

answer = no_such_package_anywhere.answer
