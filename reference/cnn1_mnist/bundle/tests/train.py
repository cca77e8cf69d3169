from otter.test_files import test_case

OK_FORMAT = False

name = "train"
points = 3

@test_case(points=1, hidden=False)
def test_validation_accuracy(cnn1):
    """`cnn1` gets at least 88 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.accuracy(cnn1, preprocess(images), labels, at_least=0.88, unsure=0.007, name="cnn1")

@test_case(points=0.5, hidden=False)
def test_history(cnn1, history):
    """`history` is the record of the training of `cnn1`, 6 epochs long."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.record(history, cnn1, preprocess(images), labels, epochs=6, model_name="cnn1")

@test_case(points=1.5, hidden=True, 
    failure_message="Is `cnn1` still the network of the exercise, trained for 6 epochs on standardised digits?")
def test_unseen_digits(cnn1, x_hidden, y_hidden):
    """The network of the exercise reads 5,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    rows = [
        expect.layer("Conv2D", filters=32, kernel_size=3, padding="same", output_shape=(28, 28, 32), parameters=320),
        expect.layer("ReLU"),
        expect.layer("Flatten", output_shape=(25_088,)),
        expect.layer("Dense", units=10, parameters=250_890),
        expect.layer("Softmax"),
    ]
    expect.layers(cnn1, rows, name="cnn1")
    expect.accuracy(cnn1, preprocess(x_hidden), y_hidden, at_least=0.874, unsure=0.007, name="cnn1")

accept = "rebuilt"

recorded = {
    'validation_accuracy': '{"kinds":{"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
    'history': '{"kinds":{"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"},"history":{"kind":"history"}}}',
    'unseen_digits': '{"kinds":{"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"},"x_hidden":{"kind":"array","shape":[5000,28,28],"dtype":"u"},"y_hidden":{"kind":"array","shape":[5000],"dtype":"u"}}}',
}
