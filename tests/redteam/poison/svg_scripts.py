"""An SVG picture is a document with scripts, links, foreign HTML and animations."""

# %% answer:number
from IPython.display import SVG, display

display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"))
display(
    SVG(
        "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src='javascript:alert(1)'/></foreignObject></svg>"
    )
)
display(
    SVG(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><a xlink:href='javascript:alert(1)'><text y='9'>x</text></a><set attributeName='href' to='javascript:alert(1)'/><animate attributeName='href' values='javascript:alert(1)'/></svg>"
    )
)
display(
    {
        "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><image href='https://example.org/a.png'/><use href='https://example.org/b.svg#x'/><style>@import 'https://example.org'</style></svg>"
    },
    raw=True,
)
