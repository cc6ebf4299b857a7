"""Reading a page back: its elements, its drawings as XML, its tables."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "wbr"})
CLOSED = frozenset({"rect", "line", "circle"})


class Page(HTMLParser):
    """Every element with its attributes; raises where elements are not closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text = text
        self.elements = []
        self.words = []
        self.open = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert tag in CLOSED

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def shown(self):
        return " ".join("".join(self.words).split())

    @property
    def pieces(self):
        """What is shown, each piece of text apart."""
        return " ".join(self.words)

    @property
    def drawings(self):
        return [
            ET.fromstring(svg)
            for svg in re.findall(r"<svg class=\"plot.*?</svg>", self.text, re.DOTALL)
        ]

    @property
    def figures(self):
        return [ET.fromstring(f) for f in re.findall(r"<figure.*?</figure>", self.text, re.DOTALL)]


def cells(figure):
    """The cells of a figure's table, without what is only heard."""
    found = []
    for cell in [*figure.iter("td"), *figure.iter("th")]:
        spans = cell.findall("span")
        found.append(spans[0].text if spans else (cell.text or ""))
    return found


def numbers(figure):
    """The numbers that a figure's drawing writes."""
    return [text.text for text in figure.iter("text") if "n" in text.get("class", "").split()]
