"""A name with `../` in a zip is written outside of the output folder."""

STATUS = "rejected"


def entries(archive, name, blank):
    for path in (
        f"../../{name}.ipynb",
        f"../feedback/{name}-b.ipynb",
        f"/tmp/{name}-c.ipynb",
        f"..\\..\\{name}-d.ipynb",
    ):
        archive.writestr(path, blank)
