"""An SVG whose parts use each other twelve times over is a trillion rectangles for the browser."""

# %% answer:number
from IPython.display import display

drawing = "<svg xmlns='http://www.w3.org/2000/svg' width='50' height='50'><g id='a0'><rect width='1' height='1'/></g>"
for level in range(1, 12):
    drawing += f"<g id='a{level}'>" + f"<use href='#a{level - 1}'/>" * 10 + "</g>"
display({"image/svg+xml": drawing + "<use href='#a11'/></svg>"}, raw=True)
