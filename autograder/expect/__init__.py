"""The checks that the authors of cases call, in the student's notebook and in the grader. Both sides.

Each function returns when the value is right, and raises `Mismatch` with a message for the student when it is not: the
name, what was received, what was expected, one next step. A wrong call by the case's author raises another exception.
In the notebook as in the grader a check sees plain data, rebuilt Keras models and guarded functions.
"""

from autograder.expect.architectures import layer, layers, network, output_shapes, parameters
from autograder.expect.array_values import array, function, gradient, raises
from autograder.expect.class_labels import confusion, labels, predicted, share_right
from autograder.expect.compilation import compiled, frozen
from autograder.expect.layer_codes import code_layer, code_length, codes
from autograder.expect.layer_references import largest_layer, largest_layer_parameters, layer_reference
from autograder.expect.mismatch import Mismatch, Undecided
from autograder.expect.plain_values import mapping, number, text
from autograder.expect.reported_figures import claim, truth
from autograder.expect.scores import accuracy, error, iou
from autograder.expect.tables_and_figures import figure, frame
from autograder.expect.training import history
from autograder.expect.training_runs import record, trained, twin

__all__ = [
    "Mismatch",
    "Undecided",
    "accuracy",
    "array",
    "claim",
    "code_layer",
    "code_length",
    "codes",
    "compiled",
    "confusion",
    "error",
    "figure",
    "frame",
    "frozen",
    "function",
    "gradient",
    "history",
    "iou",
    "labels",
    "largest_layer",
    "largest_layer_parameters",
    "layer",
    "layer_reference",
    "layers",
    "mapping",
    "network",
    "number",
    "output_shapes",
    "parameters",
    "predicted",
    "raises",
    "record",
    "share_right",
    "text",
    "trained",
    "truth",
    "twin",
]
