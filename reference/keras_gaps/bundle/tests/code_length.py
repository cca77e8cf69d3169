from otter.test_files import test_case

OK_FORMAT = False

name = "code_length"
points = 1

@test_case(points=1, hidden=False)
def test_numbers_in_a_code(code_length, model):
    """`code_length` is the number of numbers in a code of your `model`."""
    from autograder import expect

    expect.code_length(code_length, model)

accept = "rebuilt"

recorded = {
    'numbers_in_a_code': '{"kinds":{"code_length":{"kind":"number"},"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
}
