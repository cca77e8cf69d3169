"""Outputs that were saved in the notebook, not computed by it, are shown as those of the run."""

import json

HIDDEN = ("10 of 10 points, says the output",)


def upload(folder, name, blank):
    notebook = json.loads(blank)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            data = {
                "text/html": ["<script>document.title='owned'</script>"],
                "text/plain": ["10 of 10 points, says the output"],
            }
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
            cell["execution_count"] = 10
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
