from otter.test_files import test_case

OK_FORMAT = False

name = "compare"
points = 2

@test_case(points=0.5, hidden=False)
def test_three_numbers(accuracies):
    """`accuracies` has a number between 0 and 1 for each of `fc`, `cnn1` and `cnn2`."""
    from autograder import expect

    given = expect.mapping(accuracies, ["fc", "cnn1", "cnn2"], name="accuracies")
    for key, value in given.items():
        expect.number(value, between=(0, 1), name=f"accuracies[{key!r}]")

@test_case(points=1, hidden=False)
def test_own_networks(accuracies, fc, cnn1, cnn2):
    """The numbers are the validation accuracies of your own three networks."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    given = expect.mapping(accuracies, ["fc", "cnn1", "cnn2"], name="accuracies")
    _, (images, labels) = load_mnist()
    x_validation = preprocess(images)
    for key, network in {"fc": fc, "cnn1": cnn1, "cnn2": cnn2}.items():
        reached = expect.accuracy(network, x_validation, labels, at_least=0, name=key)
        asked = f"the accuracy of `{key}` on the validation digits as it is now"
        expect.claim(given[key], {asked: reached}, name=f"accuracies[{key!r}]")

@test_case(points=0.5, hidden=True, 
    failure_message="Leave the two given networks as they are. The best of your three should be the best one on digits that were not in the notebook, too.")
def test_same_winner(accuracies, fc, cnn1, cnn2, x_hidden, y_hidden):
    """The best of the three is also the best on digits that none of them was trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    expect.parameters(fc, total=420_260, name="fc")
    expect.parameters(cnn1, total=251_210, name="cnn1")
    given = expect.mapping(accuracies, ["fc", "cnn1", "cnn2"], name="accuracies")
    best = max(given, key=lambda key: expect.number(given[key], name=f"accuracies[{key!r}]"))
    digits, labels = preprocess(x_hidden[:500]), y_hidden[:500]
    unseen = {
        key: expect.accuracy(network, digits, labels, at_least=0, name=key)
        for key, network in {"fc": fc, "cnn1": cnn1, "cnn2": cnn2}.items()
    }
    assert unseen[best] == max(unseen.values()), f"{best} is best by `accuracies`, unseen digits say {unseen}"

accept = "rebuilt"

recorded = {
    'three_numbers': '{"kinds":{"accuracies":{"kind":"dict","shape":[3],"parts":[{"kind":"number"},{"kind":"number"},{"kind":"number"}],"digest":"d3bd056b"}}}',
    'own_networks': '{"kinds":{"accuracies":{"kind":"dict","shape":[3],"parts":[{"kind":"number"},{"kind":"number"},{"kind":"number"}],"digest":"d3bd056b"},"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"},"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"}}}',
    'same_winner': '{"kinds":{"accuracies":{"kind":"dict","shape":[3],"parts":[{"kind":"number"},{"kind":"number"},{"kind":"number"}],"digest":"d3bd056b"},"fc":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"934dae6e"},"cnn1":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"c38f4f26"},"cnn2":{"kind":"model","parts":[{"kind":"array","shape":[28,28,1],"dtype":"f"},{"kind":"array","shape":[10],"dtype":"f"}],"digest":"062ce04c"},"x_hidden":{"kind":"array","shape":[5000,28,28],"dtype":"u"},"y_hidden":{"kind":"array","shape":[5000],"dtype":"u"}}}',
}
