from __future__ import annotations

from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from emocam.render.page import make_environment, render_page


class Strict(HTMLParser):
    """Collects tags, attributes and text; every opened tag must be closed in turn."""

    VOID = frozenset({"meta", "link", "img"})

    def __init__(self, html):
        super().__init__()
        self.open, self.attributes, self.text = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


PAGE = """
{% extends "render/templates/base.html" %}
{% import "render/templates/macros.html" as html %}
{% block body %}
{{ html.figure(png, text, text) }}
{{ html.picture(png, "x", "jpeg") }}
{{ html.table([text], [[text]], text) }}
{% endblock %}
"""


def render(**values):
    return make_environment().from_string(PAGE).render(**values)


def test_a_page_is_whole_and_refers_to_nothing_outside():
    html = render(title="A title", png=b"\0\1\2", text="words")
    parsed = Strict(html.strip())
    references = [value for name, value in parsed.attributes if name in ("src", "href")]
    assert references
    assert all(value.startswith("data:") for value in references)
    assert "data:image/png;base64,AAEC" in references
    assert "data:image/jpeg;base64,AAEC" in references
    assert "http" not in html
    assert ("lang", "en") in parsed.attributes
    assert ("name", "viewport") in parsed.attributes


def test_text_from_outside_is_never_markup():
    evil = '<script>alert("x")</script>"'
    html = render(title=evil, png=b"", text=evil)
    parsed = Strict(html.strip())
    assert "<script>" not in html
    assert ("alt", evil) in parsed.attributes
    assert parsed.text.count(evil) == 6


def test_a_value_that_is_missing_is_no_empty_text():
    with pytest.raises(UndefinedError, match="title"):
        render_page("render/templates/base.html")
