"""Control characters in names of errors act on the instructor's terminal when grades are printed."""


# %% answer:number
class Error(Exception):
    pass


Error.__name__ = Error.__qualname__ = "\x1b]0;owned\x07\x1b[2J[bold red]x[/bold red][link=https://example.org]"
raise Error("\x1b[31m\x1b[2J [blink]" + "\r\n10 of 10 points\n" * 5 + "{{ 7 * 7 }} {% for x in y %} ${7*7} %n%s")
