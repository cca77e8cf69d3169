"""Elements of MathML carry links and actions that sanitisers of HTML do not know."""

# %% answer:number
from IPython.display import HTML, Math, display

display(
    HTML(
        "<math><maction actiontype='statusline#https://example.org' xlink:href='javascript:alert(1)'>x</maction></math>"
    )
)
display(HTML("<math href='javascript:alert(1)'><mi xlink:href='javascript:alert(1)'>x</mi></math>"))
display(Math(r"\href{javascript:alert(1)}{x} \require{html} \style{position:fixed}{x} \unicode{60}script"))
