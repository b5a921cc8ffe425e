"""Follows every link of a built site, and finds what would be loaded from strangers.

Usage: links.py FOLDER
"""

import html.parser
import pathlib
import sys
import urllib.parse

root = pathlib.Path(sys.argv[1]).resolve()
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.names, self.loaded = [], set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.names.update(filter(None, (values.get("id"), values.get("name"))))
        if values.get("href") is not None and tag == "a":
            self.links.append(values["href"])
        if tag in LOADED and values.get(LOADED[tag]) and values.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(values[LOADED[tag]])


pages = {path: Page(path) for path in root.rglob("*.html")}
wrong = []
for path, page in pages.items():
    for link in page.links + page.loaded:
        url = urllib.parse.urlsplit(link)
        if url.scheme or url.netloc:
            if link in page.loaded and url.scheme != "data":
                wrong.append(f"{path.relative_to(root)}: loads {link}")
            continue
        target = path if not url.path else (root / url.path.lstrip("/") if url.path.startswith("/") else path.parent / urllib.parse.unquote(url.path)).resolve()
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            wrong.append(f"{path.relative_to(root)}: {link} leads nowhere")
        elif url.fragment and target in pages and "play" not in target.parts:
            if urllib.parse.unquote(url.fragment) not in pages[target].names:
                wrong.append(f"{path.relative_to(root)}: {link} names no place")
for line in wrong[:40]:
    print(line)
print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links, {len(wrong)} wrong")
sys.exit(bool(wrong) or len(pages) < 500)
