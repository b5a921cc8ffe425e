"""Makes the repository's own pages fit for the site: a list of the rules, and no links to files that are not on it.

Usage: prepare.py FOLDER
"""

import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def mended(page, match):
    text, target = match.groups()
    path, _, anchor = target.partition("#")
    if "://" in target or not path:
        return match.group(0)
    where = (page.parent / path).resolve()
    # What the repository shows as a folder is a page here.
    for name in ("index.md", "README.md"):
        if (where / name).is_file():
            return f"[{text}]({path.rstrip('/')}/{name})"
    is_page = where.is_relative_to(folder.resolve()) and where.exists() or path.startswith(("../play/", "play/"))
    return match.group(0) if is_page else text


rules = sorted(path for path in (folder / "rules").glob("*.md"))
index = "# Rules\n\nA page for each finding: why it matters, what to do, and when not. `rofs-harden explain RULE` prints it.\n\n| rule | what it says |\n| --- | --- |\n"
for path in rules:
    lines = path.read_text().split("\n")
    index += f"| [{path.stem}]({path.name}) | {lines[2]} |\n"
(folder / "rules" / "index.md").write_text(index)

for page in folder.rglob("*.md"):
    text = page.read_text()
    new = LINK.sub(lambda match: mended(page, match), text)
    if new != text:
        page.write_text(new)
