from otter.test_files import test_case

OK_FORMAT = False

name = "labels"
points = 2.5

@test_case(points=0.75, hidden=False)
def test_most_probable(to_labels):
    """`to_labels` finds the most probable class in each of twenty rows of eight probabilities."""
    from autograder import expect

    expect.labels(to_labels, shapes=[(20, 8)])

@test_case(points=0.75, hidden=False)
def test_own_labels(y_pred, head):
    """`y_pred` are the labels that your `head` gives to the test pictures."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (x, y) = load_faces()
    expect.predicted(y_pred, head, x, y, model_name="head")

@test_case(points=0.75, hidden=True, 
    failure_message="Try it with one row, with three classes and with twelve. Does it use nothing but its argument?")
def test_other_sizes(to_labels):
    """`to_labels` does as well with other numbers of rows and classes, and in double precision."""
    from autograder import expect

    expect.labels(to_labels, shapes=[(7, 5), (9, 12), (1, 6), (4, 2), (300, 3), (8, 8)], dtypes=["float32", "float64"])

@test_case(points=0.25, hidden=True, 
    failure_message="What does it give when two classes are equally probable? There should still be one label for each row.")
def test_ties(to_labels):
    """`to_labels` gives one label where two classes share the first place."""
    from autograder import expect

    expect.labels(to_labels, shapes=[(9, 4), (5, 8)], ties=True)

accept = "rebuilt"

recorded = {
    'most_probable': '{"kinds":{"to_labels":{"kind":"function"}},"returned":{"to_labels":[{"kind":"array","shape":[20],"dtype":"i"}]}}',
    'own_labels': '{"kinds":{"y_pred":{"kind":"array","shape":[160],"dtype":"i"},"head":{"kind":"model","parts":[{"kind":"array","shape":[4096],"dtype":"f"},{"kind":"array","shape":[8],"dtype":"f"}],"digest":"90cb76ef"}}}',
    'other_sizes': '{"kinds":{"to_labels":{"kind":"function"}},"returned":{"to_labels":[{"kind":"array","shape":[7],"dtype":"i"},{"kind":"array","shape":[7],"dtype":"i"},{"kind":"array","shape":[9],"dtype":"i"},{"kind":"array","shape":[9],"dtype":"i"},{"kind":"array","shape":[1],"dtype":"i"},{"kind":"array","shape":[1],"dtype":"i"},{"kind":"array","shape":[4],"dtype":"i"},{"kind":"array","shape":[4],"dtype":"i"},{"kind":"array","shape":[300],"dtype":"i"},{"kind":"array","shape":[300],"dtype":"i"},{"kind":"array","shape":[8],"dtype":"i"},{"kind":"array","shape":[8],"dtype":"i"}]}}',
    'ties': '{"kinds":{"to_labels":{"kind":"function"}},"returned":{"to_labels":[{"kind":"array","shape":[9],"dtype":"i"},{"kind":"array","shape":[5],"dtype":"i"}]}}',
}
