from otter.test_files import test_case

OK_FORMAT = False

name = "overfitting"
points = 1.5

@test_case(points=0.5, hidden=False)
def test_train_accuracy(train_accuracy, history, cnn1):
    """`train_accuracy` is the accuracy on the training digits in the last epoch of your `history`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    curves = expect.history(history, metrics=["accuracy", "val_accuracy"])
    (images, labels), _ = load_mnist()
    now = expect.accuracy(cnn1, preprocess(images), labels, at_least=0, name="cnn1")
    expect.claim(
        train_accuracy,
        # What `evaluate` says of the trained network is a training accuracy, too: without the epochs before.
        {"the accuracy on the training digits in the last epoch of `history`": curves["accuracy"][-1], "now": now},
        mistakes={
            "the accuracy on the validation digits": curves["val_accuracy"][-1],
            "that of the first epoch": curves["accuracy"][0],
        },
        name="train_accuracy",
    )

@test_case(points=0.5, hidden=False)
def test_validation_accuracy(validation_accuracy, history, cnn1):
    """`validation_accuracy` is the accuracy on the validation digits in the last epoch of your `history`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    curves = expect.record(history, cnn1, preprocess(images), labels, model_name="cnn1")
    expect.claim(
        validation_accuracy,
        {"the accuracy on the validation digits in the last epoch of `history`": curves["val_accuracy"][-1]},
        mistakes={
            "the accuracy on the training digits": curves["accuracy"][-1],
            "that of the first epoch": curves["val_accuracy"][0],
            "that of the best epoch, not of the last": max(curves["val_accuracy"]),
        },
        name="validation_accuracy",
    )

@test_case(points=0, hidden=False)
def test_a_decision(overfits):
    """`overfits` is True or False; whether it is right is checked after you hand in."""
    from autograder import expect

    expect.truth(overfits, name="overfits")

@test_case(points=0.5, hidden=True, 
    failure_message="Compare the distance of your two accuracies with the two points, and see that it is True or False.")
def test_overfits(overfits, history, cnn1):
    """`overfits` is what your own `history` says."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    curves = expect.record(history, cnn1, preprocess(images), labels, model_name="cnn1")
    distance = curves["accuracy"][-1] - curves["val_accuracy"][-1]
    # Rounding both numbers to two decimals moves their distance by up to 0.01; then either answer will do.
    decided = None if abs(distance - 0.02) <= 0.01 else distance > 0.02
    expect.truth(overfits, decided, why=f"The distance is {distance:.3f}.", name="overfits")

accept = "rebuilt"

recorded = {
    'train_accuracy': '{"kinds":{"train_accuracy":{"kind":"number"},"history":{"kind":"history"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
    'validation_accuracy': '{"kinds":{"validation_accuracy":{"kind":"number"},"history":{"kind":"history"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
    'a_decision': '{"kinds":{"overfits":{"kind":"boolean"}}}',
    'overfits': '{"kinds":{"overfits":{"kind":"boolean"},"history":{"kind":"history"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
}
