"""Markup in a file's name is shown on the class's page and in the terminal."""

STATUS = None


def upload(folder, name, blank):
    for text in (
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)<|script>",
        "[bold]x[|bold][link=x]",
        "{{7*7}}",
        "\x1b[2J",
    ):
        (folder / f"{text}{name}.ipynb").write_bytes(blank)
