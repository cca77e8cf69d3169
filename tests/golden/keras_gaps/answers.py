"""The sample class of keras_gaps: what each student wrote into the stub, and what a fair grader makes of it.

`python -m tests.golden.make` writes the notebooks of `class/` from this and from the stub.
"""

from __future__ import annotations

from tests.golden.make import Expected, Student

Answer = str | dict[str, str]

FILLED = """model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, kernel_size=(3, 3), padding="valid"),
        layers.Activation("relu"),
        layers.Conv2D(32, kernel_size=(3, 3), padding="valid"),
        layers.Activation("relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(128),
        layers.Activation("relu"),
        layers.Dropout(0.5),
        layers.Dense(10),
        layers.Activation("softmax"),
    ]
)
model.summary()"""

KERAS_1 = """
from autograder.course.keras1 import Activation, Convolution2D, Dense, Dropout, Flatten, MaxPooling2D, Sequential

model = Sequential()
model.add(Convolution2D(32, 3, 3, border_mode="valid", dim_ordering="tf", input_shape=(28, 28, 1)))
model.add(Activation("relu"))
model.add(Convolution2D(32, 3, 3, border_mode="valid", dim_ordering="tf"))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode="valid", dim_ordering="tf"))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(128))
model.add(Activation("relu"))
model.add(Dropout(0.5))
model.add(Dense(10))
model.add(Activation("softmax"))
"""
KERAS_1_TRAINED = """
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(
    x_train, t_train, batch_size=128, nb_epoch=8, verbose=1, validation_data=(x_validation, t_validation)
)
codes = keras.Sequential([keras.Input((28, 28, 1)), *model.layers[:9]]).predict(x_validation)
"""

FUNCTIONAL = """
picture = keras.Input(x_train.shape[1:], name="picture")
x = picture
for number in (1, 2):
    x = layers.Conv2D(32, 3, activation="relu", name=f"look_{number}")(x)
x = layers.Dropout(1 / 4)(layers.MaxPool2D()(x))
code = layers.Dense(128, activation="relu", name="code")(layers.Flatten()(x))
digit = layers.Dense(10, activation="softmax")(layers.Dropout(0.5)(code))
model = keras.Model(picture, digit, name="reader")
"""

COMPILE = 'model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])\n'
FIT = "history = model.fit(x_train, t_train, batch_size=128, epochs={}, validation_data=(x_validation, t_validation))\n"
CODES = "codes = keras.Model(model.inputs[0], model.{}.output).predict({}, verbose=0)"


def train(epochs: int, layer: str = "layers[8]", x: str = "x_validation") -> str:
    """Compile, fit for so many epochs, and take the codes at a layer."""
    return "keras.utils.set_random_seed(1)\n" + COMPILE + FIT.format(epochs) + CODES.format(layer, x)


def answers(model: Answer, layer: str, length: str, codes: Answer) -> dict[str, Answer]:
    """Question → answer, for all four."""
    return {
        "model": model,
        "code_layer": f"code_layer = {layer}",
        "code_length": f"code_length = {length}",
        "codes": codes,
    }


def instead(old: str, new: str) -> str:
    """The filled gaps with something else in one place."""
    if old not in FILLED:
        raise ValueError(old)
    return FILLED.replace(old, new, 1)


ACCURACY = "codes.validation_accuracy"

STUDENTS = [
    Student(
        "ada", "everything right", answers(FILLED, "model.layers[8].name", "128", train(8)), Expected(10, full=True)
    ),
    Student(
        "dennis_keras1",
        "right, in the spelling of the old sheet; the dense layer itself by its index, the codes from a new network",
        answers(KERAS_1, "7", "128.0", KERAS_1_TRAINED),
        Expected(10, full=True),
    ),
    Student(
        "grace_functional",
        "right, in the Functional style with activations as arguments; codes as nested lists",
        answers(
            FUNCTIONAL, '"code"', "code.shape[-1]", train(8, layer="get_layer('code')") + "\ncodes = codes.tolist()"
        ),
        Expected(10, full=True),
    ),
    Student(
        "blank",
        "the stub as it came",
        {},
        Expected(0, {"model.table": "a gap, `...`, in line 3", "code_layer.layer_of_the_code": "`...`"}),
    ),
    Student(
        "flatten",
        "takes Flatten for the code, and codes of one epoch from there",
        answers(FILLED, '"flatten"', "4608", train(1, layer="get_layer(code_layer)")),
        Expected(
            None,
            {
                "code_layer.layer_of_the_code": "in a row",
                "code_length.numbers_in_a_code": "Flatten",
                "codes.codes": "not the layer of the code",
                "codes.history": "1 epoch",
            },
        ),
    ),
    Student(
        "softmax",
        "takes the decision for the code, in each answer",
        answers(FILLED, "-1", "10", train(1, layer="layers[-1]")),
        Expected(
            None,
            {
                "code_layer.layer_of_the_code": "the decision itself",
                "code_length.numbers_in_a_code": "on whose numbers the network decides",
                "codes.codes": "Stop at the code layer",
            },
        ),
    ),
    Student(
        "convolution",
        "takes the last convolution for the code, counts parameters, and forgets to train",
        answers(FILLED, '"conv2d_1"', "589_952", COMPILE + "history = codes = None"),
        Expected(
            4,
            {
                "code_layer.layer_of_the_code": "side by side",
                "code_length.numbers_in_a_code": "the number of parameters",
                ACCURACY: "began with",
                "codes.codes": "`codes`",
            },
        ),
    ),
    Student(
        "same_border",
        "pads the first convolution, and pools three by three",
        answers(
            instead('padding="valid"', 'padding="same"').replace("pool_size=(2, 2)", "pool_size=3"),
            "8",
            "[128]",
            "history = {}\ncodes = model.layers[8]",
        ),
        Expected(
            None,
            {
                "model.table": "layer 1: expected Conv2D → (26, 26, 32)",
                "model.parameters": "expected 600,810",
                "code_length.numbers_in_a_code": "`code_length[0]`",
                "codes.history": "empty",
                "codes.codes": "a Keras layer",
            },
        ),
    ),
    Student(
        "dropout_rates",
        "swaps the two dropout rates; everything else is right, but the codes are of training digits",
        answers(
            FILLED.replace("Dropout(0.5)", "Dropout(x)").replace("0.25", "0.5").replace("Dropout(x)", "Dropout(0.25)"),
            "-5",
            "128",
            train(1, x="x_train[:1000]"),
        ),
        Expected(None, {"model.settings": "dropout rates", "codes.codes": "codes of training digits"}),
    ),
    Student(
        "five_by_five",
        "one window of five by five; the codes a column each",
        answers(
            instead("kernel_size=(3, 3)", "kernel_size=5"),
            "model.layers[7].name",
            "model.layers[7].units",
            train(1) + "\ncodes = codes.T",
        ),
        Expected(None, {"model.table": "layer 1", "codes.codes": "`codes.T`"}),
    ),
    Student(
        "keras1_without_import",
        "types the old spelling without its import: three by three becomes a stride of three",
        answers(
            "from keras.layers import Convolution2D\n"
            + instead("layers.Conv2D(32, kernel_size=(3, 3), padding", "Convolution2D(32, 3, 3, padding"),
            '"dense"',
            "128",
            "history = model.fit(x_train, t_train)\ncodes = []",
        ),
        Expected(None, {"model.table": "strides", "codes.history": "compile", "codes.codes": "compile"}),
    ),
    Student(
        "codes_before_training",
        "computes the codes before the training, and shuffles nothing",
        answers(FILLED, "9", "128", CODES.format("layers[8]", "x_validation") + "\n" + COMPILE + FIT.format(1)),
        Expected(None, {"codes.codes": "after `fit`", ACCURACY: "at least 0.94"}),
    ),
    Student(
        "raw_pixels",
        "computes the codes of digits that were not rescaled",
        answers(FILLED, "8", "127", train(1, x='images_validation[..., None].astype("float32")')),
        Expected(None, {"code_length.numbers_in_a_code": "Output Shape", "codes.codes": "grey values up to 255"}),
    ),
    Student(
        "no_hidden_layer",
        "leaves out the hidden dense layer, so that there is no code",
        answers(
            instead(
                '        layers.Dense(128),\n        layers.Activation("relu"),\n        layers.Dropout(0.5),\n', ""
            ),
            '"flatten"',
            "4608",
            "codes = ...",
        ),
        Expected(
            None,
            {
                "model.table": "missing",
                "code_layer.layer_of_the_code": "no dense layer between",
                "code_length.numbers_in_a_code": "no dense layer between",
            },
        ),
    ),
]

QUICK = {"blank", "convolution", "flatten", "keras1_without_import", "no_hidden_layer"}
"""Who trains little or nothing: graded whenever the tests run."""
