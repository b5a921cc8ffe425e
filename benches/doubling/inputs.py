"""What kinds of input are made with, and the list of all."""

import pathlib

# Files stop growing here: the program reads no Compose file over 8 MiB.
MOST_BYTES = 3_900_000
KINDS = []


def kind(*commands, most_bytes=MOST_BYTES, start=250, status=(0, 1)):
    """Adds a kind of input, and the command lines that it goes through."""

    def add(write):
        for command in commands or ["--quiet"]:
            name = write.__name__.replace("_", " ") + (f": {command}" if len(commands) > 1 else "")
            KINDS.append((name, write, command.split(), most_bytes, start, status))
        return write

    return add


IMAGE = "image: node:22"


def compose(*lines, name="compose.yaml"):
    pathlib.Path(name).write_text("\n".join(lines) + "\n")


def write(name, text):
    pathlib.Path(name).write_text(text)


def service(name, *lines):
    return "\n".join([f"  {name}:", f"    {IMAGE}", *(f"    {line}" for line in lines)])


def services(n, *lines):
    """n services with these lines, in which `@` stands for the number."""
    return [service(f"s{i}", *(line.replace("@", str(i)) for line in lines)) for i in range(n)]


def config(*lines):
    write("rofs-harden.toml", "\n".join(lines) + "\n")


TEXT, JSON, SARIF, GITHUB, MARKDOWN, HTML = [
    f"audit --quiet --format {name}"
    for name in ["text", "json", "sarif", "github", "markdown", "html"]
]
REPORTS = [TEXT, JSON, SARIF, GITHUB, MARKDOWN, HTML]
# The others say by which edits a fix is carried out, for which they take a fixed time in all.
PLAIN = [TEXT, GITHUB, MARKDOWN, HTML]
