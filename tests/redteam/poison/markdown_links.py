"""Markdown of the answer, and as output, makes links and HTML that run."""

# %% answer:number
from IPython.display import Markdown, display

display(Markdown("[x](javascript:alert(1)) [y](java&#115;cript:alert(1)) <iframe src='https://example.org'></iframe>"))
display(Markdown('<script>alert(1)</script>\n\n![x](x "onerror=alert(1)")\n\n[z]: javascript:alert(1)\n[z]'))
# %% [markdown] answer:why
# [x](javascript:alert(1)) <img src=x onerror=alert(1)> [a](data:text/html;base64,PHNjcmlwdD4=)
#
# <script>document.title='owned'</script>
#
# | a | <b onclick=alert(1)>b</b> |
# |---|---|
# | `</code><script>alert(1)</script>` | $\href{javascript:alert(1)}{x}$ |
#
# ```html" onload="alert(1)
# </code></pre><script>alert(1)</script>
# ```
