from otter.test_files import test_case

OK_FORMAT = False

name = "codes"
points = 3.5

@test_case(points=1, hidden=False)
def test_validation_accuracy(model):
    """`model` gets at least 94 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, rescale

    _, (images, labels) = load_mnist()
    expect.accuracy(model, rescale(images), labels, at_least=0.94, unsure=0.003)

@test_case(points=0.5, hidden=False)
def test_history(history, model):
    """`history` is the record of the training of `model`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, rescale

    _, (images, labels) = load_mnist()
    expect.record(history, model, rescale(images), labels, epochs=8)

@test_case(points=1.5, hidden=False)
def test_codes(codes, model):
    """`codes` holds the code of every validation digit, as your trained `model` computes it."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, rescale

    (images_train, _), (images, _) = load_mnist()
    x = rescale(images)
    mistakes = {
        "training digits": rescale(images_train[: len(images)]),
        "digits with grey values up to 255, which the network was not trained on": 255 * x,
    }
    expect.codes(codes, model, x, mistakes=mistakes)

@test_case(points=0.5, hidden=True, 
    failure_message="It should do as well on digits that were not in the notebook. Is it fully trained, for 8 epochs, on digits from 0 to 1?")
def test_unseen_digits(model, x_hidden, y_hidden):
    """`model` reads 2,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import rescale

    expect.accuracy(model, rescale(x_hidden[:2000]), y_hidden[:2000], at_least=0.931, unsure=0.003)

accept = "rebuilt"

recorded = {
    'validation_accuracy': '{"kinds":{"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
    'history': '{"kinds":{"history":{"kind":"history"},"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
    'codes': '{"kinds":{"codes":{"kind":"array","shape":[1000,128],"dtype":"f"},"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"}}}',
    'unseen_digits': '{"kinds":{"model":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"4b431bb7"},"x_hidden":{"kind":"array","shape":[5000,28,28],"dtype":"u"},"y_hidden":{"kind":"array","shape":[5000],"dtype":"u"}}}',
}
