"""The sample class of fc_mnist: what each student wrote into the stub, and what a fair grader makes of it.

`python -m tests.golden.make` writes the notebooks of `class/` from this and from the stub.
"""

from __future__ import annotations

from tests.golden.make import Expected, Student

Answer = str | dict[str, str]

LARGEST = 'largest_layer = "dense_1"\nlargest_layer_params = 784 * 500 + 500'
WHY = """An image has 28·28 = 784 pixels. Each of the 500 units has a weight for each of them and a bias: 784·500 + 500
= 392,500."""
COMPILE = 'fc.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])\n'
FIT = """history = fc.fit(
    x_train, t_train, batch_size=128, epochs={epochs}, validation_data=(x_validation, t_validation), verbose=2
)"""


def train(epochs: int) -> str:
    """Compile and fit for so many epochs."""
    return "keras.utils.set_random_seed(2)\n\n" + COMPILE + FIT.format(epochs=epochs)


def largest(layer: str, params: str) -> str:
    """The first answer cell."""
    return f"largest_layer = {layer}\nlargest_layer_params = {params}"


def answers(most_parameters: Answer, train: Answer, explain: Answer = WHY) -> dict[str, Answer]:
    """Question → answer, for all three."""
    return {"most_parameters": most_parameters, "explain_params": explain, "train": train}


FUNCTIONAL = """
picture = keras.Input((28, 28, 1), name="picture")
x = layers.Flatten()(picture)
for units in (500, 50):
    x = layers.Dense(units, name=f"hidden_{units}")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.3)(x)
    x = layers.ReLU()(x)
fc = keras.Model(picture, layers.Dense(10, activation="softmax", name="digit")(x), name="my_baseline")

largest_layer = "hidden_500"
largest_layer_params = fc.get_layer("hidden_500").count_params()
"""

ADD_ONE_BY_ONE = """
fc = keras.models.Sequential()
fc.add(keras.layers.InputLayer(shape=(28, 28, 1)))
fc.add(layers.Flatten())
for units in [500, 50]:
    fc.add(layers.Dense(units))
    fc.add(layers.BatchNormalization())
    fc.add(layers.Dropout(0.3))
    fc.add(layers.Activation(keras.activations.relu))
fc.add(layers.Dense(10))
fc.add(layers.Softmax())

sizes = [sum(np.prod(weight.shape) for weight in layer.trainable_weights) for layer in fc.layers]
largest_layer = np.argmax(sizes)
largest_layer_params = sizes[largest_layer]
"""

SPARSE = """
fc.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = fc.fit(
    x_train, y_train, batch_size=128, epochs=30, validation_data=(x_validation, y_validation), verbose=0
).history
"""

SMALL = """
fc = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(40, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
largest_layer = 1
largest_layer_params = 784 * 40 + 40
"""

STUDENTS = [
    Student("ada", "everything right", answers(LARGEST, train(30)), Expected(8, {}, full=True)),
    Student(
        "grace_functional",
        "right, in the Functional style, with other names",
        answers(FUNCTIONAL, train(30)),
        Expected(8, {}, full=True),
    ),
    Student(
        "katherine_add",
        "right, layer by layer with add, the layer as a NumPy index, integer labels, and the history's dictionary",
        answers(ADD_ONE_BY_ONE, SPARSE),
        Expected(8, {}, full=True),
    ),
    Student(
        "by_index",
        "the layer counted from the end, the number as a float; never trained",
        answers(largest("-10", "392_500.0"), COMPILE),
        Expected(3, {"train.validation_accuracy": "began with", "train.history": "`history` is not defined"}),
    ),
    Student("blank", "the stub as it came", {}, Expected(0, {"most_parameters.largest_layer": "`...`"})),
    Student(
        "no_biases",
        "the right layer, without its biases",
        answers(largest('"dense_1"', "784 * 500"), "history = None"),
        Expected(2, {"most_parameters.largest_layer_params": "connections", "train.history": "`history`"}),
    ),
    Student(
        "flatten_layer",
        "took the layer with the most outputs, and the number of all parameters",
        answers(largest('"flatten"', "fc.count_params()"), "fc = history = None"),
        Expected(
            0,
            {
                "most_parameters.largest_layer": "no parameters to learn",
                "most_parameters.largest_layer_params": "whole of `fc`",
                "train.validation_accuracy": "`fc` is not defined, or is None",
            },
        ),
    ),
    Student(
        "class_word",
        "the kind of layer in place of its name; the number as text",
        answers(largest('"Dense"', '"392,500"'), COMPILE + FIT.format(epochs=30).replace("x_train", "images_train", 1)),
        Expected(
            None,
            {
                "most_parameters.largest_layer": "a kind of layer",
                "most_parameters.largest_layer_params": "quotation marks",
                "train.unseen_digits": "standardised digits",
            },
        ),
    ),
    Student(
        "layer_itself",
        "the layer in place of its name, the number of another layer, and the history in place of the network",
        answers(largest("fc.layers[1]", "25_050"), COMPILE + "fc = fc.fit(x_train, t_train, epochs=1, verbose=0)"),
        Expected(
            0,
            {
                "most_parameters.largest_layer": "give its name",
                "most_parameters.largest_layer_params": "`dense_2`",
                "train.validation_accuracy": "fit",
            },
        ),
    ),
    Student(
        "out_of_range",
        "counts layers from 1 and beyond, and a syntax error in the training",
        answers(largest("11", "392_499"), "history = fc.fit(x_train, t_train"),
        Expected(
            0,
            {
                "most_parameters.largest_layer": "from 0 to 10",
                "most_parameters.largest_layer_params": "Param #",
                "train.history": "SyntaxError",
            },
        ),
    ),
    Student(
        "small_network",
        "a smaller network: the answers hold for it, but it is not the one of the exercise",
        answers(SMALL, train(3)),
        Expected(None, {"most_parameters.of_the_given_network": "unchanged", "train.history": "at least 30"}),
    ),
    Student(
        "one_epoch",
        "stopped after one epoch",
        answers(LARGEST, train(1)),
        Expected(
            3, {"train.validation_accuracy": "0.9", "train.history": "1 epoch", "train.unseen_digits": "30 epochs"}
        ),
    ),
    Student(
        "made_up_history",
        "a history from somewhere else, beside a network that was never trained",
        answers(LARGEST, 'history = {"accuracy": [0.99] * 30, "val_accuracy": [0.93] * 30}'),
        Expected(3, {"train.history": "near guessing", "train.validation_accuracy": "began with"}),
    ),
]

QUICK = {"blank", "flatten_layer", "made_up_history", "no_biases", "out_of_range"}
"""Who trains little or nothing: graded whenever the tests run."""
