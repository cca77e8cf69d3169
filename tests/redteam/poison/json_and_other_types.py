"""MIME types that the page does not know, and values that are not text, are written out as they are."""

# %% answer:number
from IPython.display import display

bad = "<script>document.title='owned'</script>"
types = (
    "application/json",
    "text/x-html",
    "text/latex",
    "application/vnd.jupyter.widget-view+json",
    "image/xml",
    "text/",
)
display(dict.fromkeys(types, bad), raw=True)
display({"text/html": [bad, bad], "text/plain": {bad: bad}, "image/gif": b"GIF89a<script>"}, raw=True)
display({"text/latex": r"\input{/etc/passwd}\write18{touch /tmp/@mark@}"}, raw=True)
