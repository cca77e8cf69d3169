from otter.test_files import test_case

OK_FORMAT = False

name = "raw"
points = 1

@test_case(points=0.5, hidden=False)
def test_trained_on_raw_pixels(cnn1_raw, cnn1):
    """`cnn1_raw` is a new network, built as `cnn1` is and trained on raw pixels."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    expect.twin(cnn1_raw, cnn1, name="cnn1_raw", other_name="cnn1")
    expect.trained(cnn1_raw, name="cnn1_raw")
    _, (images, labels) = load_mnist()
    raw = expect.accuracy(cnn1_raw, images[..., None].astype("float32"), labels, at_least=0, name="cnn1_raw")
    standardised = expect.accuracy(cnn1_raw, preprocess(images), labels, at_least=0, name="cnn1_raw")
    # No floor: a run that went badly is a result, too. But each network is at its best on what it was trained on, and
    # better than guessing there.
    assert raw > max(standardised, 0.2), (
        f"`cnn1_raw` reads {raw:.0%} of the raw digits and {standardised:.0%} of the standardised ones, as if it had not "
        "been trained on `x_train_raw`. Build it anew, and train it."
    )

@test_case(points=0.5, hidden=False)
def test_own_accuracy(raw_validation_accuracy, cnn1_raw):
    """`raw_validation_accuracy` is the accuracy of your own `cnn1_raw` on the raw validation digits."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.trained(cnn1_raw, name="cnn1_raw")
    raw = expect.accuracy(cnn1_raw, images[..., None].astype("float32"), labels, at_least=0, name="cnn1_raw")
    standardised = expect.accuracy(cnn1_raw, preprocess(images), labels, at_least=0, name="cnn1_raw")
    expect.claim(
        raw_validation_accuracy,
        {"the accuracy of `cnn1_raw` on the raw validation digits": raw},
        mistakes={"its accuracy on standardised digits": standardised},
        name="raw_validation_accuracy",
    )

accept = "rebuilt"

recorded = {
    'trained_on_raw_pixels': '{"kinds":{"cnn1_raw":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
    'own_accuracy': '{"kinds":{"raw_validation_accuracy":{"kind":"number"},"cnn1_raw":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
}
