"""Elements nested a hundred thousand deep break whoever parses them."""

# %% answer:number
from IPython.display import HTML, display

display(HTML("<div>" * 100_000 + "x" + "</div>" * 100_000))
display(HTML("<b><i>" * 20_000 + "<table><tr><td>" * 5_000))
display(HTML("<p " + " ".join(f"a{n}=x" for n in range(100_000)) + ">x</p>"))
