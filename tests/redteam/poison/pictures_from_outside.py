"""A picture from a server of one's own tells when the report is read, and by whom."""

# %% answer:number
from IPython.display import HTML, Image, display

display(
    HTML(
        "<img src=https://example.org/a.png srcset='https://example.org/b.png 2x' lowsrc=x><video poster=https://example.org/v>"
    )
)
display(HTML("<table background=https://example.org/t.png><tr><td background=https://example.org/d.png>x</table>"))
display(Image(url="https://example.org/c.png"))
# %% [markdown] answer:why
# ![a](https://example.org/m.png) <img src="//example.org/n.png"> ![b](http://127.0.0.1:@port@/o.png)
