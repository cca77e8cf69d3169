"""`meta refresh`, `base` and `link` send the reader, and each relative link, somewhere else."""

# %% answer:number
from IPython.display import HTML, display

display(HTML("<meta http-equiv=refresh content='0;url=https://example.org'><base href='https://example.org/'>"))
display(HTML("<link rel=stylesheet href=https://example.org/a.css><link rel=prefetch href=https://example.org>"))
display({"text/html": "<META HTTP-EQUIV='Set-Cookie' CONTENT='a=b'>"}, raw=True)
