"""`data:` and `blob:` addresses hold whole pages and SVGs with scripts."""

# %% answer:number
from IPython.display import HTML, display

display(
    HTML("<a href='data:text/html,<script>alert(1)</script>'>x</a><img src='data:image/svg+xml,<svg onload=alert(1)>'>")
)
display(
    HTML(
        "<img src='data:text/html;base64,PHNjcmlwdD4='><a href='blob:null/x'>x</a><a href='vbscript:x'>x</a><a href='file:///etc/passwd'>x</a>"
    )
)
display({"image/png": "\"><script>document.title='owned'</script>", "image/jpeg": "data:text/html,x"}, raw=True)
display(
    {"image/png' onerror='alert(1)": "AAAA", "image/<script>": "AAAA", "text/html; charset=x": "<script>"}, raw=True
)
