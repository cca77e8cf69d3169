"""The sample class of faces_finetuning: what each student wrote into the stub, and what a fair grader makes of it.

`python -m tests.golden.make` writes the notebooks of `class/` from this and from the stub. Most of them do not train:
what a head that guesses makes of the pictures is as good to be turned into labels and counted.
"""

from __future__ import annotations

from tests.golden.make import Expected, Student

Answer = str | dict[str, str]

HEAD = """keras.utils.set_random_seed(4)

layers_of_the_head = [
    layers.Dense(400, kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.Dropout(0.4),
    layers.Dense(400, kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.Dropout(0.4),
    layers.Dense(8, kernel_initializer="he_normal"),
    layers.Activation("softmax"),
]
head = keras.Sequential([keras.Input((4096,)), *layers_of_the_head], name="head")
"""
FIT = """head.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = head.fit(
    x_train, y_train, batch_size=128, epochs={epochs}, validation_data=(x_validation, y_validation), verbose=2
)
"""
TO_LABELS = """def to_labels(probabilities):
    return {answer}


y_pred = to_labels(head.predict(x_test, verbose=0))
"""
COUNTED = """test_accuracy = float((y_pred == y_test).mean())
confusion = np.zeros((8, 8), dtype=int)
for true, guess in zip(y_test, y_pred):
    confusion[true, guess] += 1
"""


def train(epochs: int = 30) -> str:
    """The head of the exercise, trained for so long."""
    return HEAD + FIT.format(epochs=epochs)


def to_labels(answer: str) -> str:
    """The function with this expression."""
    return TO_LABELS.format(answer=answer)


def answers(network: Answer = HEAD, labels: Answer = "", counted: Answer = COUNTED) -> dict[str, Answer]:
    """Question → answer, with a few words where a person grades."""
    return {
        "expect": "Yes: edges are edges, in dogs and in faces. Only the last step is new, and 48 photographs are few.",
        "network": network,
        "labels": labels or to_labels("np.argmax(probabilities, axis=1)"),
        "test_accuracy": counted,
    }


FUNCTIONAL = """
keras.utils.set_random_seed(7)
features = x = keras.Input(shape=(4096,), name="features")
for _ in range(2):
    x = layers.Dense(units=400, kernel_initializer=keras.initializers.HeNormal())(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(rate=0.4)(x)
head = keras.Model(features, layers.Dense(8, activation="softmax")(x))
head.compile(keras.optimizers.Adam(), keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
t_train, t_validation = keras.utils.to_categorical(y_train), keras.utils.to_categorical(y_validation)
history = head.fit(x_train, t_train, batch_size=64, epochs=30, validation_data=(x_validation, t_validation), verbose=0)
"""
TENSORS = """
from keras import ops


def most_probable(p):
    return ops.argmax(p, axis=-1)


to_labels = most_probable
y_pred = to_labels(head(x_test, training=False))
"""
EVALUATED = """
y_pred = np.array(y_pred)
test_accuracy = round(float(np.mean(y_pred == y_test)), 2)
confusion = [[int(((y_test == true) & (y_pred == guess)).sum()) for true in range(8)] for guess in range(8)]
"""
ADDED = """
keras.utils.set_random_seed(8)
head = keras.models.Sequential()
head.add(layers.InputLayer(shape=(4096,)))
for _ in 1, 2:
    head.add(layers.Dense(400, kernel_initializer="he_normal"))
    head.add(layers.BatchNormalization())
    head.add(layers.Activation(keras.activations.relu))
    head.add(layers.Dropout(0.4))
head.add(layers.Dense(8, kernel_initializer="he_normal"))
head.add(layers.Softmax())
"""
SORTED = """
to_labels = lambda p: np.array([sorted(range(len(row)), key=lambda each: row[each])[-1] for row in p], dtype="uint8")
y_pred = to_labels(head.predict(x_test, verbose=0))
"""
HISTOGRAM = """
confusion, _, _ = np.histogram2d(y_test, y_pred, bins=np.arange(9) - 0.5)
test_accuracy = np.trace(confusion) / len(y_pred)
"""
FIRST_EIGHT = """
def to_labels(probabilities):
    labels = np.zeros(len(probabilities), dtype=int)
    for row in range(len(probabilities)):
        for person in range(8):
            if probabilities[row, person] > probabilities[row, labels[row]]:
                labels[row] = person
    return labels


y_pred = to_labels(head.predict(x_test, verbose=0))
"""
PRINTED = """
def to_labels(probabilities):
    print(np.argmax(probabilities, axis=1))


y_pred = to_labels(head.predict(x_test, verbose=0))
"""
OWN_VARIABLE = """
predictions = head.predict(x_test, verbose=0)


def to_labels(probabilities):
    return np.argmax(predictions, axis=1)


y_pred = to_labels(predictions)
"""
WITHOUT_NORMALISATION = """
head = keras.Sequential(
    [
        keras.Input((4096,)),
        layers.Dense(400, activation="relu"),
        layers.Dropout(0.4),
        layers.Dense(400, activation="relu"),
        layers.Dropout(0.4),
        layers.Dense(8, activation="softmax"),
    ]
)
history = None
"""

STUDENTS = [
    Student("ada", "everything right", answers(train()), Expected(9, {}, full=True)),
    Student(
        "same_code",
        "the code of `ada` under an answer in words of its own: one run serves both",
        answers(train()) | {"expect": "I do not think so: no dog looks like a person."},
        Expected(9, {}, full=True),
    ),
    Student(
        "grace_functional",
        "right: a functional head, one-hot labels, tensors for labels, the other axis of the matrix true",
        answers(FUNCTIONAL, TENSORS, EVALUATED),
        Expected(9, {}, full=True),
    ),
    Student("blank", "the stub as it came", {}, Expected(0, {"labels.most_probable": "returns nothing"})),
    Student(
        "katherine_untrained",
        "a right head in another spelling, labels by sorting, and a matrix of floats; but it was never trained",
        answers(ADDED, SORTED, HISTOGRAM),
        Expected(6.25, {"network.history": "`history` is not defined", "test_accuracy.good_enough": "95 %"}),
    ),
    Student(
        "columns",
        "takes the maximum down the columns",
        answers(labels=to_labels("probabilities.argmax(axis=0)")),
        Expected(
            2,
            {
                "labels.most_probable": "for each column",
                "labels.own_labels": "for each column",
                "labels.other_sizes": "three classes",
                "test_accuracy.share": "could not be broadcast",
                "test_accuracy.confusion": "not defined",
            },
        ),
    ),
    Student(
        "one_hot",
        "marks the class instead of naming it",
        answers(labels=to_labels("(probabilities == probabilities.max(axis=1, keepdims=True)).astype(int)")),
        Expected(2, {"labels.most_probable": "one-hot", "labels.own_labels": "one-hot"}),
    ),
    Student(
        "rounded",
        "rounds the probabilities; a head without normalisation",
        answers(WITHOUT_NORMALISATION, to_labels("np.round(probabilities)")),
        Expected(1.2, {"labels.most_probable": "Rounding", "network.table": "BatchNormalization"}),
    ),
    Student(
        "more_than_half",
        "looks for a class with more than one half; dropouts too weak, figures from nowhere",
        answers(
            HEAD.replace("0.4", "0.2"),
            to_labels("np.argmax(probabilities > 0.5, axis=1)"),
            "test_accuracy = 97.5\nconfusion = np.eye(8)",
        ),
        Expected(
            1.5,
            {
                "network.settings": "dropouts",
                "labels.most_probable": "more than one half",
                "test_accuracy.share": "percentage",
                "test_accuracy.confusion": "counts 8 images",
            },
        ),
    ),
    Student(
        "highest",
        "gives the highest probability and not its class",
        answers(labels=to_labels("np.max(probabilities, axis=1)")),
        Expected(2, {"labels.most_probable": "highest probability", "labels.own_labels": "highest probability"}),
    ),
    Student(
        "from_one",
        "counts the persons from 1",
        answers(labels=to_labels("np.argmax(probabilities, axis=1) + 1"), counted=""),
        Expected(3.26, {"labels.most_probable": "from 1 to 8", "labels.own_labels": "from 1 to 8"}),
    ),
    Student(
        "a_list",
        "right labels as a list; then compares the list with the true ones, and counts shares",
        answers(
            labels=to_labels("[int(row.argmax()) for row in probabilities]"),
            counted="test_accuracy = np.mean(np.array(y_pred) != y_test)\n"
            "confusion = keras.ops.convert_to_numpy(keras.ops.zeros((8, 8)))\n"
            "for true, guess in zip(y_test, y_pred):\n    confusion[true, guess] += 1 / 20",
        ),
        Expected(4.25, {"labels.most_probable": "as a list", "test_accuracy.confusion": "shares"}),
    ),
    Student(
        "first_eight",
        "loops over eight classes, whatever it is given",
        answers(labels=FIRST_EIGHT),
        Expected(5.25, {"labels.other_sizes": "twelve"}),
    ),
    Student("printed", "prints the labels", answers(labels=PRINTED), Expected(2, {"labels.most_probable": "Printing"})),
    Student(
        "own_variable",
        "uses a variable of the notebook instead of the argument; claims the true labels",
        answers(labels=OWN_VARIABLE + "y_pred = y_test"),
        Expected(
            3.75,
            {
                "labels.most_probable": "shape (160,) for 20 rows",
                "labels.own_labels": "true labels",
                "test_accuracy.good_enough": "own",
            },
        ),
    ),
    Student(
        "pandas_habit",
        "calls what an array does not have",
        answers(labels=to_labels("probabilities.idxmax(axis=1)")),
        Expected(2, {"labels.most_probable": "raised AttributeError", "labels.own_labels": "not defined"}),
    ),
    Student("upload_broke_off", "the file ends in the middle", answers(), Expected(0, {}, rejected=True), cut_off=True),
]

QUICK = {"blank", "columns", "first_eight", "from_one", "katherine_untrained", "one_hot", "upload_broke_off"}
"""Who trains little or nothing: graded whenever the tests run."""
