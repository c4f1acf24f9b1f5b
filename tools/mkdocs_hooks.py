"""What MkDocs does for these pages beside its own: formulas as MathML, the commands, folders in ``nav``.

MkDocs calls the functions whose names begin with ``on_`` (``hooks`` in mkdocs.yml). Formulas are
written ``$…$`` and ``$$…$$``, as on GitHub; the Markdown extension ``pymdownx.arithmatex`` finds them,
and they are converted here, when the site is built: a reader's browser needs neither a script nor a
network. A formula that cannot be converted fails the build. ``<!-- commands -->`` becomes a description
of every command of the program.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from inspect import cleandoc
from pathlib import Path
from typing import Any

FORMULA = re.compile(
    r'<span class="arithmatex">\\\((?P<inline>.*?)\\\)</span>'
    r'|<div class="arithmatex">\s*\\\[(?P<block>.*?)\\\]\s*</div>',
    re.DOTALL,
)
COMMANDS = "<!-- commands -->"
MATHML = "http://www.w3.org/1998/Math/MathML"
CLOSING = {")", "]", "}", "|"}
CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2} | {
    "msubsup": 3,
    "munderover": 3,
}
"""How many children an element of MathML has, where that is fixed."""


class BadFormula(ValueError):  # noqa: N818 - named for what it is
    """A formula that cannot be converted."""


def on_config(config: Any) -> Any:
    """Put the pages of a folder in the place of the folder's name in ``nav``."""
    config.nav = [_expanded(item, Path(config.docs_dir)) for item in config.nav]
    return config


def on_page_markdown(text: str, **_: Any) -> str:
    """The commands in the place of their mark."""
    return text.replace(COMMANDS, described_commands()) if COMMANDS in text else text


def on_page_content(text: str, page: Any, **_: Any) -> str:
    """Formulas as MathML."""
    try:
        return with_mathml(text)
    except BadFormula as error:
        from mkdocs.exceptions import PluginError

        raise PluginError(f"{page.file.src_uri}: {error}") from error


def with_mathml(text: str) -> str:
    """The page with every formula that ``pymdownx.arithmatex`` found converted. Raises BadFormula."""

    def converted(match: re.Match[str]) -> str:
        inline = match["inline"]
        source = html.unescape(match["block"] if inline is None else inline).strip()
        formula = mathml(source, block=inline is None)
        return f'<div class="formula">{formula}</div>' if inline is None else formula

    found = FORMULA.sub(converted, text)
    if 'class="arithmatex"' in found:
        raise BadFormula("a formula was left as it is")
    return found


def mathml(source: str, *, block: bool = False) -> str:
    """A formula in MathML. Raises BadFormula for what it does not understand."""
    from latex2mathml.converter import convert

    try:
        found: str = convert(source, display="block" if block else "inline")
        root = ET.fromstring(found)
    except Exception as error:  # the library raises errors of many kinds, StopIteration among them
        raise BadFormula(f"${source}$: {type(error).__name__} {error}") from error
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        wanted = CHILDREN.get(name)
        if wanted is not None and len(element) != wanted:
            raise BadFormula(f"${source}$: {name} has {len(element)} parts, not {wanted}")
        left = (element.text or "").strip()
        if "\\" in left or left == "&":
            raise BadFormula(f"${source}$: {left} is not understood")
        _space(list(element))
        if name == "msup" and element[1].findtext(f"{{{MATHML}}}mi") == "′" and len(element[1]) == 1:
            element.tag = f"{{{MATHML}}}mrow"  # a prime is a raised sign already
    ET.register_namespace("", MATHML)
    return ET.tostring(root, encoding="unicode")


def _space(children: list[ET.Element]) -> None:
    """Spaces as in TeX: a sign is no operation after an operator, and names and slashes are none at all."""
    for before, child in zip([None, *children], children, strict=False):
        text = child.text or ""
        if child.tag != f"{{{MATHML}}}mo":
            continue
        if text in {"−", "+"} and (
            before is None or (before.tag == child.tag and before.text not in CLOSING)
        ):
            child.set("form", "prefix")
        elif text in {"/", "|"}:
            child.set("lspace", "0")
            child.set("rspace", "0")
        elif text == "∂":
            child.tag = f"{{{MATHML}}}mi"
        elif len(text) > 1 and text.isalpha():
            child.set("lspace", "0" if before is None or before.tag == child.tag else "0.17em")
            child.set("rspace", "0")


def described_commands() -> str:
    """Every command in Markdown: what its ``--help`` says."""
    import click

    from zerograd.cli.program import cli

    root = click.Context(cli, info_name="zerograd", **cli.context_settings)
    parts = []
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command is not None  # for the type checker: it is listed
        context = click.Context(command, info_name=name, parent=root)
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        parts += [f"## zerograd {name}", f"```text\n{usage}\n```", _help(command.help or "")]
        options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
        records = filter(None, (option.get_help_record(context) for option in options))
        parts.append("\n".join(f"- `{names}`  \n  {_escaped(said)}" for names, said in records))
    return "\n\n".join(parts)


def _help(text: str) -> str:
    """Paragraphs; those that click is told not to wrap are kept line by line."""
    paragraphs = []
    for paragraph in cleandoc(text).split("\n\n"):
        kept = paragraph.removeprefix("\b\n")
        paragraphs.append(_escaped(paragraph) if kept == paragraph else f"```text\n{kept}\n```")
    return "\n\n".join(paragraphs)


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_\[\]$])", r"\\\1", text).replace("<", "&lt;")


def _expanded(item: Any, docs: Path) -> Any:
    if isinstance(item, dict):
        return {title: _expanded(entry, docs) for title, entry in item.items()}
    if isinstance(item, list):
        return [_expanded(entry, docs) for entry in item]
    if not item.endswith("/"):
        return item
    pages = sorted(docs.joinpath(item).glob("*.md"), key=lambda page: (page.stem != "index", page.name))
    if not pages:
        raise FileNotFoundError(f"mkdocs.yml: there is no page in {item}")
    return [page.relative_to(docs).as_posix() for page in pages]
