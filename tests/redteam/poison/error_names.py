"""HTML in the name, text and traceback of an error is shown as it is."""


# %% answer:labels
def to_labels(rows):
    raise type("<img src=x onerror=alert(1)>", (Exception,), {})("</pre><script>document.title='owned'</script>")


# %% answer:table
sizes = {"<script>alert(1)</script>": "<img src=x onerror=alert(1)>", "rows": "<b>600</b>"}
# %% answer:number
answer = type("<script>alert(1)</script>", (), {"__repr__": lambda self: "<script>alert(1)</script>"})()
