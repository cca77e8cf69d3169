from otter.test_files import test_case

OK_FORMAT = False

name = "test_accuracy"
points = 2.5

@test_case(points=1, hidden=False)
def test_share(test_accuracy, y_pred):
    """`test_accuracy` is the share of your `y_pred` that is right."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (_, y) = load_faces()
    right = expect.share_right(y_pred, y)
    expect.claim(
        test_accuracy,
        {"the share of test pictures for which `y_pred` is right": right},
        mistakes={"the share for which it is wrong": 1 - right},
        name="test_accuracy",
    )

@test_case(points=0.75, hidden=False)
def test_confusion(confusion, y_pred):
    """`confusion` counts whom your `y_pred` takes for whom; its diagonal agrees with your accuracy."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (_, y) = load_faces()
    expect.confusion(confusion, y, y_pred, 8)

@test_case(points=0.75, hidden=True, 
    failure_message="Figures and labels should be those of your own `head`, and it should be right for at least 95 % of the test pictures.")
def test_good_enough(test_accuracy, confusion, y_pred, head):
    """Your own head is right for most of the test pictures, and all your figures say so."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (x, y) = load_faces()
    reached = expect.accuracy(head, x, y, at_least=0.95, unsure=0.004, name="head")
    expect.predicted(y_pred, head, x, y, model_name="head")
    counted = expect.confusion(confusion, y, y_pred, 8)
    expect.number(counted.trace() / len(y), equal_to=reached, tolerance=0.01, name="confusion.trace() / 160")
    expect.claim(test_accuracy, {"the accuracy of `head` on the test pictures": reached}, name="test_accuracy")

accept = "rebuilt"

recorded = {
    'share': '{"kinds":{"test_accuracy":{"kind":"number"},"y_pred":{"kind":"array","shape":[160],"dtype":"i"}}}',
    'confusion': '{"kinds":{"confusion":{"kind":"array","shape":[8,8],"dtype":"i"},"y_pred":{"kind":"array","shape":[160],"dtype":"i"}}}',
    'good_enough': '{"kinds":{"test_accuracy":{"kind":"number"},"confusion":{"kind":"array","shape":[8,8],"dtype":"i"},"y_pred":{"kind":"array","shape":[160],"dtype":"i"},"head":{"kind":"model","parts":[{"kind":"array","shape":[4096],"dtype":"f"},{"kind":"array","shape":[8],"dtype":"f"}],"digest":"90cb76ef"}}}',
}
