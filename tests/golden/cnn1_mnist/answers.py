"""The sample class of cnn1_mnist: what each student wrote into the stub, and what a fair grader makes of it.

`python -m tests.golden.make` writes the notebooks of `class/` from this and from the stub.
"""

from __future__ import annotations

from tests.golden.make import Expected, Student

Answer = str | dict[str, str]

LARGEST = 'largest_layer = "dense"\nlargest_layer_params = 250_890'
SETTINGS = 'optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]'
OVERFITTING = """train_accuracy = history.history["accuracy"][-1]
validation_accuracy = history.history["val_accuracy"][-1]
overfits = train_accuracy > validation_accuracy + 0.02"""
RAW = """keras.utils.set_random_seed(3)
cnn1_raw = build("cnn1_raw")
cnn1_raw.compile({settings})
cnn1_raw.fit({x}, t_train, batch_size=128, epochs={epochs}, verbose=0)
raw_validation_accuracy = cnn1_raw.evaluate({evaluated}, t_validation, verbose=0)[1]"""
NO_RAW = "cnn1_raw = raw_validation_accuracy = None"


def train(epochs: int, compiled: bool = True) -> str:
    """Compile and fit for so many epochs."""
    fit = f"""history = cnn1.fit(
    x_train, t_train, batch_size=128, epochs={epochs}, validation_data=(x_validation, t_validation), verbose=2
)"""
    return "keras.utils.set_random_seed(2)\n" + (f"cnn1.compile({SETTINGS})\n{fit}" if compiled else fit)


def raw(x: str = "x_train_raw", evaluated: str = "x_validation_raw", epochs: int = 6) -> str:
    """The second network, trained and evaluated on these pixels."""
    return RAW.format(settings=SETTINGS, x=x, evaluated=evaluated, epochs=epochs)


def overfitting(train_accuracy: str, validation_accuracy: str, overfits: str) -> str:
    """The answer cell of question 4."""
    return f"train_accuracy = {train_accuracy}\nvalidation_accuracy = {validation_accuracy}\noverfits = {overfits}"


def answers(most_parameters: Answer, train: Answer, overfitting: Answer, raw: Answer) -> dict[str, Answer]:
    """Question → answer, for the questions that the grader itself decides; the others with a sentence each."""
    return {
        "most_parameters": most_parameters,
        "expect_overfitting": "More than before: there is no dropout.",
        "train": train,
        "overfitting": overfitting,
        "describe_overfitting": "After the second epoch the curves part, so the network learns its digits by heart.",
        "raw": raw,
        "explain_raw": "Raw pixels saturate the softmax, and where the loss is clipped there is no gradient.",
    }


FUNCTIONAL = """
def build(name):
    picture = keras.Input((28, 28, 1))
    x = layers.Conv2D(filters=32, kernel_size=3, padding="SAME", activation="relu")(picture)
    return keras.Model(picture, layers.Dense(10, activation=keras.activations.softmax)(layers.Flatten()(x)), name=name)


cnn1 = build("one_convolution")
largest_layer = cnn1.layers[-1].name
largest_layer_params = int(np.prod(cnn1.layers[-1].kernel.shape)) + 10
"""

EVALUATED = """
_, train_accuracy = cnn1.evaluate(x_train, t_train, verbose=0)
train_accuracy = round(train_accuracy, 2)
validation_accuracy = np.float32((cnn1.predict(x_validation, verbose=0).argmax(axis=1) == y_validation).mean())
overfits = np.bool_(train_accuracy - validation_accuracy > 0.02)
"""

CLIPPED = """
def clipped(t, p):
    return -ops.sum(t * ops.log(ops.clip(p, 1e-7, 1 - 1e-7)), axis=-1)


"""

CLONED = f"""
cnn1_raw = keras.models.clone_model(cnn1)
cnn1_raw.compile({SETTINGS})
history_raw = cnn1_raw.fit(
    images_train, t_train, batch_size=64, epochs=3, validation_data=(images_validation, t_validation), verbose=0
)
raw_validation_accuracy = round(history_raw.history["val_accuracy"][-1], 2)
"""

SAME_AGAIN = """
cnn1_raw = cnn1
cnn1_raw.fit(x_train_raw, t_train, batch_size=128, epochs=1, verbose=0)
raw_validation_accuracy = cnn1_raw.evaluate(x_validation_raw, t_validation, verbose=0)[1]
"""

FROM_CURVES = """
curves = history.history
(*_, train_accuracy), (*_, validation_accuracy) = curves["accuracy"], curves["val_accuracy"]
train_accuracy, validation_accuracy = round(train_accuracy, 3), keras.ops.convert_to_tensor(validation_accuracy)
overfits = not train_accuracy - 0.02 <= curves["val_accuracy"][-1]
"""

OTHER_NETWORK = f"""
cnn1_raw = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
cnn1_raw.compile({SETTINGS})
cnn1_raw.fit(x_train_raw, t_train, batch_size=128, epochs=1, verbose=0)
raw_validation_accuracy = cnn1_raw.evaluate(x_validation_raw, t_validation, verbose=0)[1] * 100
"""

STUDENTS = [
    Student("ada", "everything right", answers(LARGEST, train(6), OVERFITTING, raw()), Expected(7, {}, full=True)),
    Student(
        "grace_functional",
        "right, with a functional network and figures that the notebook works out and rounds",
        answers("import numpy as np\n" + FUNCTIONAL, train(6), EVALUATED, CLONED),
        Expected(7, {}, full=True),
    ),
    Student(
        "katherine_clipped",
        "right, with integer labels, as an index, and a network on raw pixels ruined by the old loss: a run of its own",
        answers(
            "largest_layer = -2\nlargest_layer_params = 250890.0",
            train(6).replace("categorical", "sparse_categorical").replace(" t_", " y_"),
            FROM_CURVES,
            CLIPPED + raw().replace('"categorical_crossentropy"', "clipped"),
        ),
        Expected(7, {}, full=True),
    ),
    Student("blank", "the stub as it came", {}, Expected(0, {"raw.own_accuracy": "`...`"})),
    Student(
        "convolution",
        "takes the convolution for the largest layer, and counts its weights without biases",
        answers("largest_layer = 0\nlargest_layer_params = 3 * 3 * 32", "", "", NO_RAW),
        Expected(
            0,
            {
                "most_parameters.largest_layer": "another layer has more",
                "most_parameters.largest_layer_params": "Param #",
                "overfitting.train_accuracy": "`train_accuracy` is not defined",
                "raw.trained_on_raw_pixels": "None",
            },
        ),
    ),
    Student(
        "no_biases",
        "forgets the biases; nothing trained, and figures from nowhere",
        answers(
            'largest_layer = "flatten"\nlargest_layer_params = 25_088 * 10',
            f"cnn1.compile({SETTINGS})",
            overfitting("0.98", "0.92", '"yes"'),
            'cnn1_raw = build("cnn1_raw")\nraw_validation_accuracy = 0.92',
        ),
        Expected(
            0.25,
            {
                "most_parameters.largest_layer": "no parameters to learn",
                "most_parameters.largest_layer_params": "connections",
                "train.validation_accuracy": "began with",
                "overfitting.train_accuracy": "`history` is not defined",
                "raw.trained_on_raw_pixels": "began with",
                "raw.own_accuracy": "began with",
            },
        ),
    ),
    Student(
        "swapped",
        "the two figures swapped, the decision the wrong way round, and the raw network tried on other pixels",
        answers(
            LARGEST,
            train(6),
            overfitting('history.history["val_accuracy"][-1]', 'history.history["accuracy"][-1]', "False"),
            raw(evaluated="x_validation", epochs=1),
        ),
        Expected(
            None,
            {
                "overfitting.train_accuracy": "which is the accuracy on the validation digits",
                "overfitting.validation_accuracy": "which is the accuracy on the training digits",
                "overfitting.overfits": "two points",
                "raw.own_accuracy": "standardised digits",
            },
        ),
    ),
    Student(
        "percent",
        "the kind of layer and the sum of all; percent in place of fractions, a word in place of a decision, a "
        "rescaling in the second network",
        answers(
            'largest_layer = "Dense"\nlargest_layer_params = cnn1.count_params()',
            train(1),
            overfitting('history.history["accuracy"][-1] * 100', '["val_accuracy"]', '"yes"'),
            OTHER_NETWORK,
        ),
        Expected(
            None,
            {
                "most_parameters.largest_layer": "a kind of layer",
                "most_parameters.largest_layer_params": "whole of `cnn1`",
                "train.history": "1 epoch",
                "overfitting.train_accuracy": "percentage",
                "overfitting.validation_accuracy": "number",
                "overfitting.a_decision": "True or False",
                "overfitting.overfits": "True or False",
                "raw.trained_on_raw_pixels": "Rescaling",
                "raw.own_accuracy": "percentage",
            },
        ),
    ),
    Student(
        "same_again",
        "goes on training the first network in place of a second one",
        answers(LARGEST, train(1), OVERFITTING, SAME_AGAIN),
        Expected(None, {"raw.trained_on_raw_pixels": "one and the same network"}),
    ),
    Student(
        "standardised_again",
        "trains the second network on standardised digits",
        answers(LARGEST, train(1), overfitting("0.5", "1.0", "None"), raw(x="x_train", epochs=2)),
        Expected(
            None,
            {
                "overfitting.train_accuracy": "do not type the number",
                "overfitting.overfits": "True or False",
                "raw.trained_on_raw_pixels": "had not been trained on `x_train_raw`",
            },
        ),
    ),
    Student(
        "collapse_from_the_book",
        "reports the collapse that the old sheet speaks of, and not what the own network does",
        answers(LARGEST, train(1), OVERFITTING, raw(epochs=1).rpartition("\n")[0] + "\nraw_validation_accuracy = 0.24"),
        Expected(None, {"raw.own_accuracy": "do not type the number"}),
    ),
    Student(
        "not_compiled",
        "forgot to compile, so nothing after it works",
        answers(LARGEST, train(6, compiled=False), OVERFITTING, "cnn1_raw = build"),
        Expected(
            1.5,
            {
                "train.history": "compile",
                "overfitting.validation_accuracy": "not defined",
                "raw.trained_on_raw_pixels": "Keras model",
            },
        ),
    ),
]

QUICK = {"blank", "not_compiled"}
"""Who trains little or nothing: graded whenever the tests run."""
