"""Frames, objects, embeds and portals bring in a page of one's own."""

# %% answer:number
from IPython.display import HTML, IFrame, display

display(IFrame("https://example.org", 800, 600))
display(
    HTML("<iframe srcdoc='<script>parent.document.title=1</script>'></iframe><object data='data:text/html,x'></object>")
)
display(HTML("<embed src=x.swf><applet code=x><portal src=https://example.org><frameset><frame src=x></frameset>"))
