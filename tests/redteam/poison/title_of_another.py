"""A notebook's metadata, ids and attachments are shown, and hold scripts."""

import json


def upload(folder, name, blank):
    notebook = json.loads(blank)
    bad = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    notebook["metadata"] |= {"title": bad, "authors": [{"name": bad}], "widgets": {bad: bad}}
    notebook["metadata"]["kernelspec"]["display_name"] = bad
    for cell in notebook["cells"]:
        cell["id"] = bad
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), bad, f"tag-{bad}"]
        if cell["cell_type"] == "markdown":
            cell["attachments"] = {bad: {"image/svg+xml": bad}, "a.png": {"image/png": bad, "text/html": bad}}
            cell["source"] += f"\n![x](attachment:{bad}) ![y](attachment:a.png)"
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
