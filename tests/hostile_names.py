"""Names that try to be something else in a page, a table or a document."""

from __future__ import annotations

NAMES = [
    "<script>alert(1)</script>",
    "</title><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "'><svg onload=alert(4)>",
    "javascript:alert(5)",
    "</style><script>alert(6)</script>",
    "--></script><!--",
    "<!--",
    "]]>",
    "<![CDATA[x]]>",
    "<iframe src=javascript:alert(7)>",
    "<a href=javascript:alert(8)>x</a>",
    '" onmouseover="alert(9)',
    "' style='background:url(//x)",
    '"style="--part:1;background:url(//x)',
    "&lt;script&gt;",
    "&amp;",
    "&#60;b&#62;",
    "&#x3c;b&#x3e;",
    "&unknown;",
    "&",
    "<",
    ">",
    "<b>bold",
    "</table></div></main>",
    "</td><td>x",
    "<base href=//x>",
    "<meta http-equiv=refresh content=0>",
    "<link rel=stylesheet href=//x>",
    "<math><mi xlink:href=//x>",
    "<template><script>x</script>",
    "<plaintext>",
    "<textarea>",
    "<noscript><p title='</noscript>",
    "{{7*7}}",
    "${7*7}",
    "<%= 7*7 %>",
    "`id`",
    "\\input{/etc/passwd}",
    "\\write18{id}",
    "\\end{tabular}",
    "$\\undefined$",
    "^^5cinput",
    "% a comment",
    "# a & b _ c ~ d",
    "[x] \\\\ *",
    "-- --- ?` !` << >> ,, ''",
    '"quoted"',
    "| a | b |",
    "![x](//x)",
    "[x](javascript:alert(10))",
    "*a* _b_ `c`",
    "卷积 é ½ ﷽",
    "=cmd()",
]
assert len(NAMES) > 50


def spec(names: list[str] = NAMES, model: str = NAMES[1]) -> str:
    """Return a spec file, as JSON, whose model, nodes and labels have these names."""
    import json

    layers = [{"name": name, "type": "Conv2D", "filters": 1, "kernel_size": 1} for name in names]
    layers += [
        {"name": "all of it", "type": "Flatten"},
        {"name": "end", "type": "Dense", "units": len(names)},
    ]
    head = {"name": model, "input_shape": [4, 4, 1], "labels": names}
    return json.dumps(head | {"layers": layers})
