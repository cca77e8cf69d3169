from otter.test_files import test_case

OK_FORMAT = False

name = "train"
points = 3

@test_case(points=1, hidden=False)
def test_validation_accuracy(cnn2):
    """`cnn2` gets at least 95 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.accuracy(cnn2, preprocess(images), labels, at_least=0.95, unsure=0.003, name="cnn2")

@test_case(points=0.5, hidden=False)
def test_history(cnn2, history):
    """`history` is the record of the training of `cnn2`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    curves = expect.history(history, epochs=8, metrics=["accuracy", "val_accuracy"])
    _, (images, labels) = load_mnist()
    reached = expect.accuracy(cnn2, preprocess(images), labels, at_least=0, name="cnn2")
    last = curves["val_accuracy"][-1]
    expect.number(last, equal_to=reached, tolerance=0.01, name="history.history['val_accuracy'][-1]")

@test_case(points=1.5, hidden=True, 
    failure_message="It should do as well on digits that were not in the notebook. Is it fully trained, for 8 epochs, on standardised digits?")
def test_unseen_digits(cnn2, x_hidden, y_hidden):
    """`cnn2` reads 2,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    expect.accuracy(cnn2, preprocess(x_hidden[:2000]), y_hidden[:2000], at_least=0.941, unsure=0.004, name="cnn2")

accept = "rebuilt"

recorded = {
    'validation_accuracy': '{"kinds":{"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"}}}',
    'history': '{"kinds":{"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"},"history":{"kind":"history"}}}',
    'unseen_digits': '{"kinds":{"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"},"x_hidden":{"kind":"array","shape":[5000,28,28],"dtype":"u"},"y_hidden":{"kind":"array","shape":[5000],"dtype":"u"}}}',
}
