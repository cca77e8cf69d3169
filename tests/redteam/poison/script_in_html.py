"""A script, or an attribute that is one, runs in the browser of whoever reads the report."""

# %% answer:number
from IPython.display import HTML, Javascript, display

display(HTML("<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"))
display(
    HTML(
        "<svg onload=alert(1)><body onpageshow=alert(1)><details open ontoggle=alert(1)><input autofocus onfocus=alert(1)>"
    )
)
display(
    HTML(
        "<a href=javascript:alert(1)>x</a><a href='java\tscript:alert(1)'>x</a><a href='&#1;javascript:alert(1)'>x</a>"
    )
)
display(Javascript("document.title='owned'"))
display({"application/javascript": "document.title='owned'", "text/javascript": "alert(1)"}, raw=True)
