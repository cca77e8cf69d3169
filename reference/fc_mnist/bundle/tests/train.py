from otter.test_files import test_case

OK_FORMAT = False

name = "train"
points = 5

@test_case(points=1.5, hidden=False)
def test_validation_accuracy(fc):
    """`fc` gets at least 90 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.accuracy(fc, preprocess(images), labels, at_least=0.90, unsure=0.003, name="fc")

@test_case(points=1, hidden=False)
def test_history(fc, history):
    """`history` is the record of the training of `fc`, 30 epochs long."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.record(history, fc, preprocess(images), labels, epochs=30, model_name="fc")

@test_case(points=2.5, hidden=True, 
    failure_message="Is `fc` still the network of the exercise, trained for 30 epochs on standardised digits?")
def test_unseen_digits(fc, x_hidden, y_hidden):
    """The network of the exercise reads 5,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    rows = [
        expect.layer("Flatten", output_shape=(784,)),
        expect.layer("Dense", units=500, parameters=392_500),
        expect.layer("BatchNormalization", parameters=2_000),
        expect.layer("Dropout"),
        expect.layer("ReLU"),
        expect.layer("Dense", units=50, parameters=25_050),
        expect.layer("BatchNormalization", parameters=200),
        expect.layer("Dropout"),
        expect.layer("ReLU"),
        expect.layer("Dense", units=10, parameters=510),
        expect.layer("Softmax"),
    ]
    expect.layers(fc, rows, name="fc")
    expect.accuracy(fc, preprocess(x_hidden), y_hidden, at_least=0.919, unsure=0.002, name="fc")

accept = "rebuilt"

recorded = {
    'validation_accuracy': '{"kinds":{"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"}}}',
    'history': '{"kinds":{"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"},"history":{"kind":"history"}}}',
    'unseen_digits': '{"kinds":{"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"},"x_hidden":{"kind":"array","shape":[5000,28,28],"dtype":"u"},"y_hidden":{"kind":"array","shape":[5000],"dtype":"u"}}}',
}
