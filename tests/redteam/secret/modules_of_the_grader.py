"""The grader's modules can be imported in the sandbox, and know where cases and data are."""

# %% answer:number
for name in (
    "autograder.grading",
    "autograder.grading.cases.bundle",
    "autograder.sandbox.host",
    "autograder.authoring",
    "autograder.feedback",
    "autograder.cli",
    "tests.notebooks",
):
    try:
        __import__(name)
        print("GOT" + "CHA", name)
    except ImportError as error:
        print(error)
