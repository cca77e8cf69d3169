from otter.test_files import test_case

OK_FORMAT = False

name = "network"
points = 4

@test_case(points=1.5, hidden=False)
def test_table(head):
    """Each layer of `head` has the output and the number of parameters of the table."""
    from autograder import expect

    rows = [
        expect.layer("Dense", output_shape=(400,), parameters=1_638_800),
        expect.layer("BatchNormalization", output_shape=(400,), parameters=1_600),
        expect.layer("ReLU", output_shape=(400,)),
        expect.layer("Dropout", output_shape=(400,)),
        expect.layer("Dense", output_shape=(400,), parameters=160_400),
        expect.layer("BatchNormalization", output_shape=(400,), parameters=1_600),
        expect.layer("ReLU", output_shape=(400,)),
        expect.layer("Dropout", output_shape=(400,)),
        expect.layer("Dense", output_shape=(8,), parameters=3_208),
        expect.layer("Softmax", output_shape=(8,)),
    ]
    expect.layers(head, rows, name="head", partial=True)

@test_case(points=0.5, hidden=False)
def test_history(head, history):
    """`history` is the record of the training of `head`, 30 epochs long."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, (x, y), _ = load_faces()
    expect.record(history, head, x, y, epochs=30, model_name="head")

@test_case(points=0.5, hidden=True, 
    failure_message="Compare every layer with the table again, and read what is said below it about the dropouts.")
def test_settings(head):
    """The dropouts of `head` are as strong as the exercise says."""
    from autograder import expect

    parts = ["Dense", "BatchNormalization", "ReLU"]
    rows = [expect.layer(kind) for kind in parts] + [expect.layer("Dropout", rate=0.4)]
    rows += [expect.layer(kind) for kind in parts] + [expect.layer("Dropout", rate=0.4)]
    rows += [expect.layer("Dense"), expect.layer("Softmax")]
    expect.layers(head, rows, name="head")

@test_case(points=1.5, hidden=True, 
    failure_message="It should do as well on pictures that were not in the notebook. Is it trained for 30 epochs, on the features as they came?")
def test_unseen_pictures(head, x_hidden, y_hidden):
    """`head` knows the eight people in 160 pictures that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import unpack_faces

    # The bound is 0.977, but only 16 photographs stand behind these pictures; a network on the pixels reaches 0.56.
    expect.accuracy(head, unpack_faces(x_hidden), y_hidden, at_least=0.96, unsure=0.004, name="head")

accept = "rebuilt"

recorded = {
    'table': '{"kinds":{"head":{"kind":"model","parts":[{"kind":"array","shape":[4096],"dtype":"f"},{"kind":"array","shape":[8],"dtype":"f"}],"digest":"90cb76ef"}}}',
    'history': '{"kinds":{"head":{"kind":"model","parts":[{"kind":"array","shape":[4096],"dtype":"f"},{"kind":"array","shape":[8],"dtype":"f"}],"digest":"90cb76ef"},"history":{"kind":"history"}}}',
    'settings': '{"kinds":{"head":{"kind":"model","parts":[{"kind":"array","shape":[4096],"dtype":"f"},{"kind":"array","shape":[8],"dtype":"f"}],"digest":"90cb76ef"}}}',
    'unseen_pictures': '{"kinds":{"head":{"kind":"model","parts":[{"kind":"array","shape":[4096],"dtype":"f"},{"kind":"array","shape":[8],"dtype":"f"}],"digest":"90cb76ef"},"x_hidden":{"kind":"array","shape":[160,4096],"dtype":"i"},"y_hidden":{"kind":"array","shape":[160],"dtype":"u"}}}',
}
