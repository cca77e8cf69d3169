"""A class with a list of layers, and no network in it, earns the points for the layers that it lists."""

STATUS = "needs_review"
SHOWN = ("a person confirms the points",)


def check(entry, page):
    (case,) = next(each["cases"] for each in entry["questions"] if each["name"] == "classifier")
    assert (case["status"], case["points"], case["proposed"], case["evidence"]) == ("manual", 0, 1, "claimed"), case


# %% answer:classifier
import keras

listed = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2, activation="softmax")]
listed[0].build((None, 2))
listed[1].build((None, 8))


class Classifier(keras.Model):
    layers, weights = listed, [weight for layer in listed for weight in layer.weights]

    def count_params(self):
        return 42

    def predict(self, x):
        return np.eye(2)[(np.hypot(x[:, 0], x[:, 1]) < 0.8).astype(int)]


classifier = Classifier()
