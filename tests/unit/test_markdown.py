"""Texts of others in Markdown: a parser reads them as they are."""

from __future__ import annotations

import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from tenantry.core import markdown
from tenantry.core.visible import visible

HOSTILE = (
    "plain words",
    "a | b || c",
    "`code` ``more`` `",
    "<script>alert(1)</script>",
    "[a link](https://example.com) ![an image](x)",
    "**bold** _slanted_ ~~gone~~ \\* \\",
    "# a heading",
    "- a list",
    "1. a list",
    "12) a list",
    "&lt; &#60; &",
    "line\n\n| --- |\nbreak",
    "```\nfence",
    "\x1b[31m red \u202e",
    "===",
)


def parsed(text: str) -> str:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").render(text)
    return str(html).strip()


def shown(text: str) -> str:
    """What a text is to look like: in one line, with what a terminal obeys spelled out."""
    return " ".join(text.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e").split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_read_as_it_is_in_a_paragraph_and_in_a_table(text: str) -> None:
    paragraph = re.fullmatch("<p>(.*)</p>", parsed(markdown.text(text)))
    assert paragraph is not None
    assert unescape(paragraph[1]) == shown(text)
    table = parsed(markdown.table(("a", "b"), [(markdown.text(text), markdown.code(text))]))
    cells = re.findall("<td>(.*?)</td>", table)
    assert unescape(cells[0]) == shown(text)
    span = re.fullmatch("<code>(.*)</code>", cells[1])
    assert span is not None
    assert unescape(span[1]).strip() == visible(text, lines=False).strip()


def test_a_block_of_code_is_not_left() -> None:
    html = parsed(markdown.block("sql", ["SELECT 1;", "```", "<b>"]))
    assert html == '<pre><code class="language-sql">SELECT 1;\n```\n&lt;b&gt;\n</code></pre>'
