"""`zerograd help` and `zerograd completion`, and what `--version` prints."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from zerograd._version import __version__
from zerograd.cli.common import fail
from zerograd.core.near import did_you_mean

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LIBRARIES = ("z3-solver", "sympy", "python-flint", "numpy", "torch")
"""Those that answers depend on, by their names as distributions."""
VARIABLE = "_ZEROGRAD_COMPLETE"
"""The variable of the environment by which a shell asks for completions."""
LEFT_OUT = {"index.md", "how-to/index.md", "reference/command-line.md", "reference/python.md"}
"""Pages that consist of links, or of what the site's generator puts there."""
WIDTH = 104
"""How wide pages are without a terminal: code in them has up to 100 columns."""

_COMMENT = re.compile(r"^<!--.*?-->\n", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)")
_FENCED = re.compile(r"(^```.*?^```\n)", re.DOTALL | re.MULTILINE)


def versions() -> str:
    """Return the versions of the program, of Python and of libraries, a line each, without importing any."""
    from importlib.metadata import PackageNotFoundError, version

    lines = [f"zerograd {__version__}", f"Python {sys.version.split()[0]}"]
    for name in LIBRARIES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} not installed")
    return "\n".join(lines)


def print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """The callback of ``--version``."""
    if value and not context.resilient_parsing:
        click.echo(versions())
        context.exit()


# --- pages of the documentation --------------------------------------------------------------


def pages() -> dict[str, Traversable]:
    """Return the pages that come with the program, by topic: from the package, or from a clone's docs/."""
    from importlib.resources import files

    docs: Traversable = files("zerograd").joinpath("docs")
    if not docs.is_dir():
        docs = Path(__file__).resolve().parents[2] / "docs"
    by_topic = {}
    for folder in ("", "how-to/", "reference/"):
        for page in docs.joinpath(folder).iterdir() if folder else docs.iterdir():
            if page.name.endswith(".md") and folder + page.name not in LEFT_OUT:
                by_topic[page.name.removesuffix(".md").lower()] = page
    return dict(sorted(by_topic.items()))


def title(page: Traversable) -> str:
    """Return a page's first heading, without marks."""
    return page.read_text(encoding="utf-8").partition("\n")[0].strip("# ").replace("`", "")


def for_terminal(text: str, topics: dict[str, Traversable]) -> str:
    """Return Markdown in which links to pages are commands that show them, and no comment is left."""

    def linked(match: re.Match[str]) -> str:
        target = match["target"]
        name = target.partition("#")[0].rpartition("/")[2].removesuffix(".md").lower()
        if "://" in target:
            return match[0]
        return f"{match['text']} (`zerograd help {name}`)" if name in topics else match["text"]

    parts = _FENCED.split(_COMMENT.sub("", text))  # code is every second part
    return "".join(part if index % 2 else _LINK.sub(linked, part) for index, part in enumerate(parts))


def rendered(text: str, *, width: int | None, styled: bool) -> str:
    """Return Markdown as text for a terminal of this width."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(
        width=width,
        force_terminal=styled,
        color_system="standard" if styled else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(Markdown(text, code_theme="bw", hyperlinks=False))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _topics(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in _names(context) if name.startswith(begun)]


def _names(context: click.Context) -> Iterator[str]:
    group = context.find_root().command
    yield from pages()
    if isinstance(group, click.Group):
        yield from group.list_commands(context)


@click.command("help")
@click.argument("topic", required=False, shell_complete=_topics)
@click.pass_context
def help_command(context: click.Context, topic: str | None) -> None:
    """Show a page of the documentation in the terminal; without TOPIC, list them.

    A command that has no page of its own is described as by --help.
    """
    topics, group = pages(), context.find_root().command
    if topic is None:
        width = max(map(len, topics))
        click.echo("zerograd help TOPIC shows a page of the documentation:\n")
        for name, page in topics.items():
            click.echo(f"  {name:{width}}  {title(page)}")
        click.echo("\nzerograd COMMAND --help describes a command, zerograd --help lists them.")
        return
    command = group.get_command(context, topic) if isinstance(group, click.Group) else None
    name = topic.lower().removesuffix(".md")
    if name in topics:
        styled = sys.stdout.isatty()
        text = for_terminal(topics[name].read_text(encoding="utf-8"), topics)
        if command is not None:
            text += f"\nThe options of the command: `zerograd {topic} --help`\n"
        click.echo_via_pager(rendered(text, width=None if styled else WIDTH, styled=styled))
    elif command is not None:
        with click.Context(command, info_name=topic, parent=context.find_root()) as described:
            click.echo(command.get_help(described))
    else:
        near = did_you_mean(topic, _names(context))
        fail(f"there is no page {topic}{near}; zerograd help lists them")


# --- completion ------------------------------------------------------------------------------


class FileName(click.types.StringParamType):
    """Text that names a file, which shells complete."""

    def shell_complete(self, ctx: object, param: object, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return [CompletionItem(incomplete, type="file")]


def complete_files(command: click.Command) -> None:
    """Have shells complete file names where a command takes plain text that is not called a NAME."""
    for parameter in command.params:
        if (
            parameter.type is click.STRING
            and "NAME" not in (parameter.metavar or "")
            and parameter.name not in ("strategy", "topic", "arguments")
        ):
            parameter.type = FileName()


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script by which SHELL completes commands, options and files.

    `zerograd help install` says where to put it.
    """
    made: Any = get_completion_class(shell)
    try:
        text = made(context.find_root().command, {}, "zerograd", VARIABLE).source()
    except (RuntimeError, OSError) as error:  # a bash that is too old
        fail(str(error))
    click.echo(text)
