"""A form in the report asks the instructor for a password."""

# %% answer:number
from IPython.display import HTML, display

display(
    HTML(
        "<form action=https://example.org><input type=password name=p><button formaction=javascript:alert(1)>Log in</button></form>"
    )
)
display(HTML("<input type=image src=https://example.org/a.png><select><option>x</select><keygen><isindex>"))
