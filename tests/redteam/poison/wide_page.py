"""A line of a megabyte, a table of a thousand columns and a picture of a million pixels make the page unreadable."""

# %% answer:number
import base64
import struct

from IPython.display import HTML, display

print("x" * 1_000_000)
display(
    HTML("<table><tr>" + "<td colspan=999 width=99999>x" * 1000 + "</table><hr size=99999 width=99999><font size=99>x")
)
head = struct.pack(">I4sIIBBBBB", 13, b"IHDR", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
display({"image/png": base64.b64encode(b"\x89PNG\r\n\x1a\n" + head).decode()}, raw=True)
