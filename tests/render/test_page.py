from __future__ import annotations

from html.parser import HTMLParser

from emocam.render.page import figure, page, picture, table


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


def test_a_page_is_whole_and_refers_to_nothing_outside():
    body = figure(b"png", "a bar", "Bars") + table(["a", "b"], [["1", "2"]], "Counts")
    html = page("A title", body, style="p { color: red }", script="void 0")
    parsed = Strict(html)
    references = [value for name, value in parsed.attributes if name in ("src", "href")]
    assert references
    assert all(value.startswith("data:") for value in references)
    assert "http" not in html
    assert ("lang", "en") in parsed.attributes
    assert ("name", "viewport") in parsed.attributes


def test_text_from_outside_is_never_markup():
    evil = '<script>alert("x")</script>"'
    html = page(evil, picture(b"", evil) + figure(b"", evil, evil) + table([evil], [[evil]], evil))
    parsed = Strict(html)
    assert "<script>" not in html
    assert ("alt", evil) in parsed.attributes
    assert parsed.text.count(evil) == 6


def test_pictures_carry_their_bytes_and_kind():
    assert 'src="data:image/jpeg;base64,AAEC"' in picture(b"\0\1\2", "x", kind="jpeg")
