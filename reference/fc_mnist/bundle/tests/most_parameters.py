from otter.test_files import test_case

OK_FORMAT = False

name = "most_parameters"
points = 3

@test_case(points=1, hidden=False)
def test_largest_layer(largest_layer, fc):
    """`largest_layer` is the layer of `fc` that learns most parameters."""
    from autograder import expect

    expect.largest_layer(largest_layer, fc, model_name="fc")

@test_case(points=1, hidden=False)
def test_largest_layer_params(largest_layer_params, fc):
    """`largest_layer_params` is the number of parameters that this layer learns."""
    from autograder import expect

    expect.largest_layer_parameters(largest_layer_params, fc, model_name="fc")

@test_case(points=1, hidden=True, 
    failure_message="Layer and number should be those of `fc` as the exercise gives it, unchanged.")
def test_of_the_given_network(largest_layer, largest_layer_params, fc):
    """Layer and number belong to the network that the exercise is about."""
    from autograder import expect

    expect.parameters(fc, total=420_260, trainable=419_160, non_trainable=1_100, name="fc")
    layer = expect.largest_layer(largest_layer, fc, model_name="fc")
    number = expect.largest_layer_parameters(largest_layer_params, fc, model_name="fc")
    assert (type(layer).__name__, number) == ("Dense", 784 * 500 + 500), "not the first dense layer of the exercise"

accept = "rebuilt"

recorded = {
    'largest_layer': '{"kinds":{"largest_layer":{"kind":"text"},"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"}}}',
    'largest_layer_params': '{"kinds":{"largest_layer_params":{"kind":"number"},"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"}}}',
    'of_the_given_network': '{"kinds":{"largest_layer":{"kind":"text"},"largest_layer_params":{"kind":"number"},"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"}}}',
}
