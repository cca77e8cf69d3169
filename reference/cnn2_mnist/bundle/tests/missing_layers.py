from otter.test_files import test_case

OK_FORMAT = False

name = "missing_layers"
points = 4

@test_case(points=2, hidden=False)
def test_table(cnn2):
    """Each layer of `cnn2` has the output shape and the number of parameters of the table."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", output_shape=(28, 28, 32), parameters=320),
        expect.layer("BatchNormalization", output_shape=(28, 28, 32), parameters=128),
        expect.layer("ReLU", output_shape=(28, 28, 32)),
        expect.layer("Conv2D", output_shape=(28, 28, 32), parameters=9_248),
        expect.layer("BatchNormalization", output_shape=(28, 28, 32), parameters=128),
        expect.layer("ReLU", output_shape=(28, 28, 32)),
        expect.layer("MaxPooling2D", output_shape=(14, 14, 32)),
        expect.layer("Conv2D", output_shape=(14, 14, 64), parameters=18_496),
        expect.layer("BatchNormalization", output_shape=(14, 14, 64), parameters=256),
        expect.layer("ReLU", output_shape=(14, 14, 64)),
        expect.layer("Conv2D", output_shape=(14, 14, 64), parameters=36_928),
        expect.layer("BatchNormalization", output_shape=(14, 14, 64), parameters=256),
        expect.layer("ReLU", output_shape=(14, 14, 64)),
        expect.layer("MaxPooling2D", output_shape=(7, 7, 64)),
        expect.layer("Flatten", output_shape=(3136,)),
        expect.layer("Dense", output_shape=(200,), parameters=627_400),
        expect.layer("BatchNormalization", output_shape=(200,), parameters=800),
        expect.layer("Dropout", output_shape=(200,)),
        expect.layer("ReLU", output_shape=(200,)),
        expect.layer("Dense", output_shape=(10,), parameters=2_010),
        expect.layer("Softmax", output_shape=(10,)),
    ]
    expect.layers(cnn2, rows, name="cnn2", partial=True, gap=slice(10, 14))

@test_case(points=0.5, hidden=False)
def test_parameters(cnn2):
    """`cnn2` has 695,970 parameters, of which 784 are not trained."""
    from autograder import expect

    expect.parameters(cnn2, total=695_970, trainable=695_186, non_trainable=784, name="cnn2")

@test_case(points=1.5, hidden=True, 
    failure_message="Compare your layers with the table and with the half above them, in order, filters, window, border and pooling.")
def test_settings_of_the_gap(cnn2):
    """The four layers work as their neighbours do: window, border, activation, pooling."""
    from autograder import expect

    rows = [expect.layer(kind) for kind in ("Conv2D", "BatchNormalization", "ReLU") * 2]
    rows += [expect.layer(kind) for kind in ("MaxPooling2D", "Conv2D", "BatchNormalization", "ReLU")]
    # Same shapes and parameters are also had with a 1×9 window, or by pooling 3×3 at every second place.
    rows += [
        expect.layer("Conv2D", filters=64, kernel_size=3, strides=1, dilation_rate=1, padding="same", use_bias=True),
        expect.layer("BatchNormalization"),
        expect.layer("ReLU"),
        expect.layer("MaxPooling2D", pool_size=2, strides=2),
    ]
    rows += [expect.layer(kind) for kind in ("Flatten", "Dense", "BatchNormalization", "Dropout", "ReLU", "Dense", "Softmax")]
    expect.layers(cnn2, rows, name="cnn2", partial=True, gap=slice(10, 14))

accept = "rebuilt"

recorded = {
    'table': '{"kinds":{"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"}}}',
    'parameters': '{"kinds":{"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"}}}',
    'settings_of_the_gap': '{"kinds":{"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"}}}',
}
