from otter.test_files import test_case

OK_FORMAT = False

name = "model"
points = 4

@test_case(points=2, hidden=False)
def test_table(model):
    """Each layer of `model` has the output shape and the number of parameters of the table."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", output_shape=(26, 26, 32), parameters=320),
        expect.layer("ReLU", output_shape=(26, 26, 32)),
        expect.layer("Conv2D", output_shape=(24, 24, 32), parameters=9_248),
        expect.layer("ReLU", output_shape=(24, 24, 32)),
        expect.layer("MaxPooling2D", output_shape=(12, 12, 32)),
        expect.layer("Dropout", output_shape=(12, 12, 32)),
        expect.layer("Flatten", output_shape=(4608,)),
        expect.layer("Dense", output_shape=(128,), parameters=589_952),
        expect.layer("ReLU", output_shape=(128,)),
        expect.layer("Dropout", output_shape=(128,)),
        expect.layer("Dense", output_shape=(10,), parameters=1_290),
        expect.layer("Softmax", output_shape=(10,)),
    ]
    expect.layers(model, rows, partial=True)

@test_case(points=0.5, hidden=False)
def test_parameters(model):
    """`model` has 600,810 parameters, all of them trained."""
    from autograder import expect

    expect.parameters(model, total=600_810, trainable=600_810)

@test_case(points=1.5, hidden=True, 
    failure_message="Compare the kind of every layer with the table again, and then what it does not show, from the windows to the two dropout rates.")
def test_settings(model):
    """The layers work as the exercise says: windows, border, pooling, dropout rates."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", filters=32, kernel_size=3, strides=1, dilation_rate=1, padding="valid", use_bias=True),
        expect.layer("ReLU"),
        expect.layer("Conv2D", filters=32, kernel_size=3, strides=1, dilation_rate=1, padding="valid", use_bias=True),
        expect.layer("ReLU"),
        expect.layer("MaxPooling2D", pool_size=2, strides=2),
        expect.layer("Dropout", rate=0.25),
        expect.layer("Flatten"),
        expect.layer("Dense", units=128),
        expect.layer("ReLU"),
        expect.layer("Dropout", rate=0.5),
        expect.layer("Dense", units=10),
        expect.layer("Softmax"),
    ]
    expect.layers(model, rows, partial=True)

accept = "rebuilt"

recorded = {
    'table': '{"kinds":{"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
    'parameters': '{"kinds":{"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
    'settings': '{"kinds":{"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
}
