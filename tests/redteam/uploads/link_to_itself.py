"""A folder that holds a link to itself, or to `/`, is read for ever."""


def upload(folder, name, blank):
    (folder / name).mkdir()
    (folder / name / "again").symlink_to(folder / name)
    (folder / name / "root").symlink_to("/")
    (folder / name / "a.ipynb").write_bytes(blank)
