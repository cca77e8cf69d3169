"""The sample class of cnn2_mnist: what each student wrote into the stub, and what a fair grader makes of it.

`python -m tests.golden.make` writes the notebooks of `class/` from this and from the stub.
"""

from __future__ import annotations

from tests.golden.make import Expected, Student

Answer = str | dict[str, str]

GAP = """
    layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.MaxPooling2D((2, 2)),
"""

COMPILE = 'cnn2.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])\n'
FIT = """history = cnn2.fit(
    x_train, t_train, batch_size=128, epochs={epochs}, validation_data=(x_validation, t_validation), verbose=2
)"""
COMPARE = """accuracies = {
    name: network.evaluate(x_validation, t_validation, verbose=0)[1]
    for name, network in [("fc", fc), ("cnn1", cnn1), ("cnn2", cnn2)]
}
accuracies"""
PREDICTED = """accuracies = {}
for network, key in [(cnn2, "cnn2"), (cnn1, "cnn1"), (fc, "fc")]:
    labels = network.predict(x_validation, verbose=0).argmax(axis=1)
    accuracies[key] = np.mean(labels == y_validation).round(2)
accuracies"""
FROM_HISTORY = """def reached(network):
    return network.evaluate(x_validation, t_validation, verbose=0, return_dict=True)["accuracy"]


accuracies = dict(cnn2=history.history["val_accuracy"][-1], fc=reached(fc), cnn1=reached(cnn1), naive=0.1)"""
WHY = """cnn2 wins with about 97 %, against 93 % for fc and 92 % for cnn1. Its filters are shared by all places of the
image, and its later layers see larger and larger patterns."""


def train(epochs: int) -> str:
    """Compile and fit for so many epochs."""
    return "keras.utils.set_random_seed(3)\n\n" + COMPILE + FIT.format(epochs=epochs)


def gap(layers: str) -> dict[str, str]:
    """The stub's own cell with these layers in the gap."""
    return {"    ...\n": f"    {layers.strip()}\n"}


def answers(missing_layers: Answer, train: Answer, compare: Answer, why: Answer) -> dict[str, Answer]:
    """Question → answer, for all four."""
    return {"missing_layers": missing_layers, "train": train, "compare": compare, "compare_why": why}


FUNCTIONAL = """
keras.utils.set_random_seed(12)


def block(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


picture = keras.Input((28, 28, 1), name="picture")
x = block(picture, 32)
x = block(x, 32)
x = layers.MaxPool2D()(x)
x = block(x, 64)
x = block(x, 64)
x = layers.MaxPool2D(2)(x)
x = layers.Flatten()(x)
x = layers.Dense(200, kernel_initializer="he_normal")(x)
x = layers.BatchNormalization()(x)
x = layers.Dropout(0.3)(x)
x = layers.ReLU()(x)
digit = layers.Dense(10, activation="softmax", name="digit")(x)
cnn2 = keras.Model(picture, digit, name="my_network")
cnn2.summary()
"""

ADD_ONE_BY_ONE = """
keras.utils.set_random_seed(5)
cnn2 = keras.models.Sequential()
cnn2.add(keras.Input(shape=(28, 28, 1)))
for filters, pool in [(32, False), (32, True), (64, False), (64, True)]:
    cnn2.add(layers.Convolution2D(filters, (3, 3), padding="same", kernel_initializer="he_normal"))
    cnn2.add(layers.BatchNormalization())
    cnn2.add(layers.Activation(keras.activations.relu))
    if pool:
        cnn2.add(layers.MaxPool2D(pool_size=(2, 2)))
cnn2.add(layers.Flatten())
cnn2.add(layers.Dense(200, kernel_initializer="he_normal"))
cnn2.add(layers.BatchNormalization())
cnn2.add(layers.Dropout(0.3))
cnn2.add(layers.Activation("relu"))
cnn2.add(layers.Dense(10))
cnn2.add(layers.Softmax())
"""

STUDENTS = [
    Student("ada", "everything right", answers(gap(GAP), train(8), COMPARE, WHY), Expected(9, {}, full=True)),
    Student(
        "grace_functional",
        "right, in the Functional style, with other names and integer labels; accuracies to two decimals",
        answers(
            FUNCTIONAL,
            train(8).replace("categorical", "sparse_categorical").replace(" t_", " y_"),
            PREDICTED,
            WHY,
        ),
        Expected(9, {}, full=True),
    ),
    Student(
        "katherine_add",
        "right, layer by layer with add, aliases and a softmax layer; another optimizer; an accuracy of the history",
        answers(
            ADD_ONE_BY_ONE,
            train(8).replace('"adam"', "keras.optimizers.RMSprop(5e-4)").replace("batch_size=128", "batch_size=64"),
            FROM_HISTORY,
            WHY,
        ),
        Expected(9, {}, full=True),
    ),
    Student("blank", "the stub as it came", {}, Expected(0, {"missing_layers.table": "not defined"})),
    Student(
        "filters",
        "32 filters instead of 64",
        answers(gap(GAP.replace("Conv2D(64", "Conv2D(32")), train(1), COMPARE, WHY),
        Expected(None, {"missing_layers.table": "number of filters"}),
    ),
    Student(
        "padding",
        "the convolution lost its padding; one network is left out of the comparison",
        answers(
            gap(GAP.replace(', padding="same"', "")),
            train(1),
            COMPARE.replace('[("fc", fc), ("cnn1", cnn1), ', '[("fc", fc), '),
            WHY,
        ),
        Expected(None, {"missing_layers.table": "padding", "compare.three_numbers": "cnn1"}),
    ),
    Student(
        "order",
        "normalises after the activation",
        answers(
            gap(
                'layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"),\n'
                '    layers.Activation("relu"),\n    layers.BatchNormalization(),\n    layers.MaxPooling2D((2, 2)),'
            ),
            train(1),
            COMPARE,
            WHY,
        ),
        Expected(None, {"missing_layers.table": "order"}),
    ),
    Student(
        "no_pooling",
        "forgot the pooling",
        answers(gap(GAP.replace("    layers.MaxPooling2D((2, 2)),\n", "")), train(1), COMPARE, ""),
        Expected(None, {"missing_layers.table": "MaxPooling2D"}),
    ),
    Student(
        "extra_dropout",
        "added a layer that nobody asked for",
        answers(gap(GAP + "    layers.Dropout(0.5),\n"), train(1), COMPARE, WHY),
        Expected(None, {"missing_layers.table": "Dropout"}),
    ),
    Student(
        "empty_gap",
        "removed the dots and went on",
        answers({"    ...\n": ""}, train(1), COMPARE, ""),
        Expected(None, {"missing_layers.table": "lacks 4 layers"}),
    ),
    Student(
        "never_trained",
        "compiled, never fitted",
        answers(gap(GAP), COMPILE, COMPARE, WHY),
        Expected(None, {"train.validation_accuracy": "began with", "train.history": "`history` is not defined"}),
    ),
    Student(
        "one_epoch",
        "stopped after one epoch; compares on the training digits",
        answers(gap(GAP), train(1), COMPARE.replace("validation", "train"), WHY),
        Expected(None, {"train.validation_accuracy": "95", "compare.own_networks": "on the validation digits"}),
    ),
    Student(
        "diverged",
        "a learning rate of 10⁸: the weights are not numbers any more",
        answers(gap(GAP), train(1).replace('optimizer="adam"', "optimizer=keras.optimizers.SGD(1e8)"), COMPARE, ""),
        Expected(None, {"train.validation_accuracy": "learning rate"}),
    ),
    Student(
        "percent",
        "gave percent instead of fractions",
        answers(gap(GAP), train(1), 'accuracies = {"fc": 93.1, "cnn1": 92.0, "cnn2": 97.4}', WHY),
        Expected(None, {"compare.three_numbers": "percent"}),
    ),
    Student(
        "made_up",
        "numbers from somewhere else",
        answers(gap(GAP), train(1), 'accuracies = {"fc": 0.99, "cnn1": 0.98, "cnn2": 0.999}', WHY),
        Expected(None, {"compare.own_networks": "0.99"}),
    ),
    Student(
        "typo",
        "a syntax error in the first answer",
        answers(gap(GAP.replace('Activation("relu"),', 'Activation("relu",')), train(1), COMPARE, ""),
        Expected(0, {"missing_layers.table": "SyntaxError"}),
    ),
    Student(
        "flat_input",
        "expects flat digits of 784 pixels",
        answers(
            'cnn2 = keras.Sequential([keras.Input((784,)), layers.Dense(10, activation="softmax")])',
            COMPILE + "history = cnn2.fit(x_train.reshape(-1, 784), t_train, epochs=1, verbose=0)",
            COMPARE,
            "",
        ),
        Expected(None, {"train.validation_accuracy": "784"}),
    ),
    Student(
        "lambda_layer",
        "a Lambda layer in the gap",
        answers(gap(GAP + "    layers.Lambda(lambda x: x),\n"), train(1), COMPARE, ""),
        Expected(None, {"missing_layers.table": "Lambda"}),
    ),
    Student(
        "upload_broke_off",
        "the file ends in the middle",
        answers(gap(GAP), train(8), COMPARE, WHY),
        Expected(0, {}, rejected=True),
        cut_off=True,
    ),
]

QUICK = {"blank", "flat_input", "typo", "upload_broke_off"}
"""Who trains little or nothing: graded whenever the tests run."""
