from __future__ import annotations

import base64
import re
import struct

import pytest

from autograder.feedback.sanitise import MAX_MARKUP, MAX_PICTURE, clean_html, markdown_html, picture_html
from autograder.language import in_language

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 8, 8) + b"rest").decode()

REFUSED = "A picture must be pasted in, undamaged, and have at most 40 million pixels."


def jpeg(width: int, height: int) -> str:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, height, width, 0)
    return base64.b64encode(b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"JF" + frame).decode()


def gif(width: int, height: int) -> str:
    return base64.b64encode(b"GIF89a" + struct.pack("<HH", width, height) + b"rest").decode()


JPEG = jpeg(8, 8)
XMLNS = 'xmlns="http://www.w3.org/2000/svg"'


def repeated(ten_times: str) -> str:
    """An SVG of a kilobyte with 10^12 rectangles: each group draws the one before it ten times."""
    groups = "".join(f"<g id='a{n}'>{ten_times.format(*[n - 1] * 10)}</g>" for n in range(1, 12))
    return f"<svg {XMLNS}><g id='a0'><rect width='1' height='1'/></g>{groups}</svg>"


def shown_svg(svg: str) -> str:
    found = re.search(r"base64,([\w+/=]+)", str(picture_html("image/svg+xml", svg, "x")))
    assert found
    return base64.b64decode(found[1]).decode()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<b onclick='x()'>bold</b>", "<b>bold</b>"),
        ('<p style="position:fixed" class="card" id="score" title="t" data-x="1" role="alert">x</p>', "<p>x</p>"),
        ("a<script>x</script>b<style>y</style>c", "abc"),
        ('<a href="https://keras.io">k</a>', '<a href="https://keras.io" rel="noopener noreferrer">k</a>'),
        ('<a href="mailto:a@b.c">m</a>', '<a href="mailto:a@b.c" rel="noopener noreferrer">m</a>'),
        ('<a href="https://keras.io"> </a>x', "x"),
        ("<h1>Score</h1><h2>x</h2><h3>y</h3>", "<h4>Score</h4><h5>x</h5><h6>y</h6>"),
        ("<h3>a</h3><h6>b</h6><h3>c</h3><h1>d</h1>", "<h4>a</h4><h5>b</h5><h4>c</h4><h4>d</h4>"),
        ("<h1><b><h2>a</h2></b></h1>", "<h4><b><h5>a</h5></b></h4>"),
        ('<td colspan="2">x', "x"),
        (
            '<table><tr><td colspan="2" rowspan="9999">x',
            '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        ),
        ("</div></section></main><p>x", "<p>x</p>"),
        ('<form action="https://e.x"><input name="q">x</form>', "x"),
        ("<details open>x</details><marquee>y</marquee>", "xy"),
        ("<b><p>x</b>y", "<b></b><p><b>x</b>y</p>"),
        ("<!-- c -->x<?php y ?>", "x"),
        ("x\u202ey\x00", "x\ufffdy\ufffd"),
    ],
)
def test_html_keeps_words_and_loses_power(html: str, expected: str) -> None:
    assert clean_html(html) == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JaVaScRiPt&#58;alert(1)",
        "java\tscript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "//evil.example",
        "/relative",
        "#score",
        "blob:x",
    ],
)
def test_links_lead_to_the_web_only(url: str) -> None:
    assert "href" not in str(clean_html(f'<a href="{url}">x</a>'))
    assert 'href="' not in markdown_html(f"[x](<{url}>)")


@pytest.mark.parametrize(
    "html",
    ["", "  \n", "<script>x</script>", "<!-- x -->", '<svg onload="x()"><text>y</text></svg>', "<div><p></p></div>"],
)
def test_html_without_anything_to_see(html: str) -> None:
    assert clean_html(html) is None


@pytest.mark.parametrize("html", ["x" * (MAX_MARKUP + 1), "<b>x</b>" * 10_000])
def test_html_too_long_or_too_intricate(html: str) -> None:
    assert clean_html(html) is None


@pytest.mark.parametrize(
    "html",
    [
        "<a><table><a>x",
        "<table><p>x<tr><b>y",
        "<b><i><u><p>x</b></p></i>y",
        "<ul><li>x<li><table><li>y",
        "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>x",
        "<svg></p><style><a id='</style><img src=x onerror=alert(1)>'>x",
        "<pre>\n\n\nx</pre>",
    ],
)
def test_shown_html_is_a_fixed_point_of_the_parser(html: str) -> None:
    cleaned = clean_html(html)
    if cleaned is not None:
        assert not re.search(r"<(?!/?(a|b|i|u|p|ul|li|table|tbody|tr|td|pre|em|img)\b)", cleaned)
        assert "onerror=" not in re.sub(r">[^<]*<", "><", cleaned)
        again = clean_html(cleaned)
        assert again == cleaned


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        (f"data:image/png;base64,{PNG}", True),
        (f"data:image/jpeg;base64,{JPEG}", True),
        (f"DATA:image/JPG;base64,{JPEG}", True),
        (f"data:image/gif;base64,{gif(8, 8)}", True),
        (f"data:image/gif;base64,{gif(60_000, 60_000)}", False),
        (f"data:image/jpeg;base64,{jpeg(60_000, 60_000)}", False),
        ("data:image/jpeg;base64,/9j/4CBubyBmcmFtZQ==", False),
        ("data:image/webp;base64,UklGRgAAAABXRUJQ", False),
        ("https://evil.example/x.png", False),
        ("x.png", False),
        ("data:image/svg+xml;base64,PHN2Zz4=", False),
        (f"data:image/jpeg;base64,{PNG}", False),
        (f"data:text/html;base64,{PNG}", False),
        ("data:image/png;base64,AAAA", False),
        (f"data:image/png;base64,{PNG}A", False),
    ],
)
def test_pictures_in_html_are_data_of_their_kind(source: str, kept: bool) -> None:
    cleaned = str(clean_html(f'<img src="{source}" srcset="https://evil.example 2x" onerror="x()" alt="a digit">'))
    if kept:
        assert re.fullmatch(r'<img src="data:image/(png|jpeg|gif);base64,[\w+/=]+" alt="a digit">', cleaned)
    else:
        assert cleaned == f"<em>[picture not shown: a digit. {REFUSED}]</em>"


def test_a_picture_always_has_an_alternative() -> None:
    assert 'alt="Picture without a description"' in str(clean_html(f'<img src="data:image/png;base64,{PNG}">'))
    hostile = clean_html(f'<img alt="<img>&quot;><script>" src="data:image/png;base64,{PNG}">')
    assert str(hostile).count("<") == 1


def test_markdown() -> None:
    html = markdown_html("# Title\n\nThe $a_b$ and *x*, $5 or $6\n\n| a |\n|---|\n| 1 |\n\n```\n<b>\n```\n")
    assert "<h4>Title</h4>" in html
    assert "<code>a_b</code>" in html
    assert "<em>x</em>, $5 or $6" in html
    assert "<table>" in html
    assert "<pre><code>&lt;b&gt;\n</code></pre>" in html


def test_markdown_that_cannot_be_rendered_is_shown_as_typed() -> None:
    assert markdown_html(r"so $$\frac{a}{b}$$, too").count("$") == 0
    assert markdown_html("<script>x</script>") == "<pre>&lt;script&gt;x&lt;/script&gt;</pre>"
    assert markdown_html("<b>" * 30_000).startswith("<pre>&lt;b&gt;")
    assert markdown_html(" ") == ""
    assert markdown_html("\ud800\u202e").encode()


@pytest.mark.parametrize(
    ("mime", "data"),
    [
        ("image/png", "not base64!"),
        ("image/png", JPEG),
        ("image/png", '"><script>alert(1)</script>'),
        ("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()),
        ("image/png", PNG + "A" * MAX_PICTURE),
        ("image/bmp", PNG),
        ("text/html", PNG),
        ("image/svg+xml", "<html>"),
        ("image/svg+xml", "<svg"),
        ("image/svg+xml", "<svg></svg>"),
        ("image/svg+xml", f"<svg {XMLNS}>{'<g>' * 60}{'</g>' * 60}</svg>"),
        ("image/svg+xml", repeated(ten_times="<use href='#a{}'/>" * 10)),
        ("image/svg+xml", repeated(ten_times="<rect clip-path='url(#a{})'/>" * 10)),
        ("image/svg+xml", f"<svg {XMLNS} id='a'><use href='#a'/></svg>"),
        ("image/svg+xml", '<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>'),
    ],
)
def test_pictures_that_are_none(mime: str, data: str) -> None:
    assert picture_html(mime, data, "x") is None


def test_a_picture_unpacking_to_gigabytes_is_refused() -> None:
    bomb = base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 60_000, 60_000)).decode()
    assert picture_html("image/png", bomb, "x") is None


def test_svg_is_an_image_never_markup() -> None:
    svg = f'<svg {XMLNS} onload="alert(1)"><script>x</script></svg>'
    html = str(picture_html("image/svg+xml", svg, 'a "b"'))
    assert re.fullmatch(r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="a &#34;b&#34;">', html)


@pytest.mark.parametrize(
    "part",
    [
        "<filter id='f'><feTurbulence/></filter>",
        "<pattern id='p'><rect/></pattern>",
        "<mask id='m'><rect/></mask>",
        "<marker id='m'><rect/></marker>",
        "<image href='data:image/svg+xml;base64,PHN2Zz4='/>",
        "<style>* {filter: blur(999px)}</style>",
        "<animate attributeName='x' repeatCount='indefinite'/>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'>x</body></foreignObject>",
        "<rect filter='url(#f)'/>",
        "<rect style='fill: red; filter: blur(999px)'/>",
        "<rect style='fill: red; f\\69lter: blur(999px)'/>",
        "<use href='https://evil.example/x.svg#a'/>",
    ],
)
def test_an_svg_loses_what_draws_each_pixel_many_times_and_what_is_no_drawing(part: str) -> None:
    left = shown_svg(f"<svg {XMLNS}><text>7</text>{part}</svg>")
    assert ">7<" in left
    body = left.partition(">")[2]
    assert not re.search("filter|turb|pattern|mask|marker|image|style|anim|foreign|https:|lter", body)


def test_a_figure_of_matplotlib_keeps_its_letters_and_lines() -> None:
    svg = f"""<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt" height="9pt" viewBox="0 0 9 9" {XMLNS} version="1.1">
 <metadata/><defs><style type="text/css">*{{stroke-linejoin: round}}</style><path id="m" d="M 0 0 L 0 3.5"/></defs>
 <g id="axes"><path d="M 1 1 L 2 2" clip-path="url(#c)" style="fill: none; stroke: #1f77b4"/>
  {'<use xlink:href="#m" x="1" y="2" style="stroke: #000000"/>' * 200}</g>
 <defs><clipPath id="c"><rect x="0" y="0" width="9" height="9"/></clipPath></defs>
</svg>"""
    left = shown_svg(svg)
    assert left.count('href="#m"') == 200
    assert 'clip-path="url(#c)"' in left and "stroke: #1f77b4" in left


def test_a_pasted_picture_is_shown_where_the_text_has_it() -> None:
    text = "![a *b*](attachment:my%20scan.png) ![](attachment:other.png) [link](attachment:my%20scan.png)"
    scan = f"data:image/png;base64,{PNG}"
    html = markdown_html(text, {"my scan.png": scan, "other.png": "data:image/png;base64,AAAA"})
    assert html == (
        f'<p><img src="{scan}" alt="a b"> <em>[picture not shown. {REFUSED}]</em> '
        '<a rel="noopener noreferrer">link</a></p>\n'
    )  # fmt: skip
    assert "picture not shown" in markdown_html(text)
    with in_language("de"):
        assert "[Bild nicht gezeigt. Ein Bild muss" in markdown_html(text)


def test_a_pasted_picture_may_be_larger_than_a_text() -> None:
    large = f"data:image/gif;base64,{base64.b64encode(base64.b64decode(gif(10, 10)) + bytes(1_200_000)).decode()}"
    assert large in markdown_html("![x](attachment:x)", {"x": large})
    assert "picture not shown" in markdown_html("![x](attachment:x)", {"x": large * 2})
    assert "picture not shown" in markdown_html("![x](attachment:x)", {"x": 'javascript:alert(1)"><script>'})
