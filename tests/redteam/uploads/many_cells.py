"""A million cells fill the grader's memory."""

STATUS = "rejected"


def upload(folder, name, blank):
    cell = b'{"cell_type":"code","source":"1","metadata":{},"outputs":[]},'
    (folder / f"{name}.ipynb").write_bytes(b'{"nbformat":4,"cells":[' + cell * 1_000_000 + b"{}]}")
