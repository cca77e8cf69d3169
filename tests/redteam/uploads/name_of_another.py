"""A name that differs from another student's in case, in composition of letters or by a look-alike replaces their grade."""

STATUS = None


def upload(folder, name, blank):
    for file in (
        "AA-HONEST",
        "Aa-Honest",
        "\u0430\u0430-honest",
        "aa-honest ",
        "aa-honest\u200b",
        "aa\u2010honest",
        "a\u0301",
        "\u00e1",
    ):
        (folder / f"{file}.ipynb").write_bytes(blank)
