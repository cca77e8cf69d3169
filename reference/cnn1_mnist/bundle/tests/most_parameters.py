from otter.test_files import test_case

OK_FORMAT = False

name = "most_parameters"
points = 1.5

@test_case(points=0.5, hidden=False)
def test_largest_layer(largest_layer, cnn1):
    """`largest_layer` is the layer of `cnn1` that learns most parameters."""
    from autograder import expect

    expect.largest_layer(largest_layer, cnn1, model_name="cnn1")

@test_case(points=0.5, hidden=False)
def test_largest_layer_params(largest_layer_params, cnn1):
    """`largest_layer_params` is the number of parameters that this layer learns."""
    from autograder import expect

    expect.largest_layer_parameters(largest_layer_params, cnn1, model_name="cnn1")

@test_case(points=0.5, hidden=True, 
    failure_message="Layer and number should be those of `cnn1` as the exercise gives it, unchanged.")
def test_of_the_given_network(largest_layer, largest_layer_params, cnn1):
    """Layer and number belong to the network that the exercise is about."""
    from autograder import expect

    expect.parameters(cnn1, total=251_210, trainable=251_210, non_trainable=0, name="cnn1")
    layer = expect.largest_layer(largest_layer, cnn1, model_name="cnn1")
    number = expect.largest_layer_parameters(largest_layer_params, cnn1, model_name="cnn1")
    assert (type(layer).__name__, number) == ("Dense", 250_890), "not the dense layer of the exercise"

accept = "rebuilt"

recorded = {
    'largest_layer': '{"kinds":{"largest_layer":{"kind":"text"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
    'largest_layer_params': '{"kinds":{"largest_layer_params":{"kind":"number"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
    'of_the_given_network': '{"kinds":{"largest_layer":{"kind":"text"},"largest_layer_params":{"kind":"number"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"}}}',
}
