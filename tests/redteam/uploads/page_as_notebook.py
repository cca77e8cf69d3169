"""A web page with a notebook's ending is opened as one by the instructor's browser."""

STATUS = "rejected"


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_text("<!doctype html><script>document.title='owned'</script>")
