from otter.test_files import test_case

OK_FORMAT = False

name = "code_layer"
points = 1.5

@test_case(points=1.5, hidden=False)
def test_layer_of_the_code(code_layer, model):
    """`code_layer` is the layer of your `model` on whose numbers the class is decided."""
    from autograder import expect

    expect.code_layer(code_layer, model)

accept = "rebuilt"

recorded = {
    'layer_of_the_code': '{"kinds":{"code_layer":{"kind":"text"},"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
}
