"""Messages by hand: values that grow when they are made, and references that only the grader may send."""

STATUS = ("graded", "needs_review")

# %% answer:number
import gc

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
taken = worker._take


def made(kind, parts):
    return {"type": "Made", "kind": kind, "parts": parts}


def take(names):
    forged = {
        "number": {"answer": made("range", {"type": "List", "items": [0, 10**15, 1]})},
        "table": {"sizes": made("dict", {"type": "List", "items": [made("Decimal", "1e999999999")]})},
        "labels": {"to_labels": {"type": "Reference", "id": 0}},
    }
    if names.question not in forged:
        return taken(names)
    worker.send({"type": "TakenValues", "question": names.question, "values": forged[names.question]})


worker._take = take
