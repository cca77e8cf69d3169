"""The names on which cases in masters and bundles depend: taking one away breaks courses of others."""

from autograder import expect


def test_the_checks_that_authors_call():
    assert sorted(expect.__all__) == [
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
    assert all(getattr(expect, name).__doc__ for name in expect.__all__)
