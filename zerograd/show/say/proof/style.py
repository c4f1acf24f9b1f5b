"""Three ways to write prose with formulas in it: for a terminal, as Markdown, as LaTeX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from zerograd.core.model.network import Network
from zerograd.derive.notation import LaTeX, Notation, Text
from zerograd.document.escape import clean, latex_escape, markdown_escape

Language = Literal["text", "markdown", "latex"]

_SIGNS = {"!=": "≠", ">=": "≥", "<=": "≤"}
_LATEX_SIGNS = {"!=": r"\neq", ">=": r"\geq", "<=": r"\leq"}


@dataclass(frozen=True, slots=True)
class Style:
    """How formulas, names and emphasis are set."""

    language: Language
    write: Notation

    @classmethod
    def of(cls, language: Language, network: Network) -> Style:
        return cls(language, Text(network) if language == "text" else LaTeX(network))

    def math(self, formula: str) -> str:
        """A formula in a line of prose."""
        match self.language:
            case "text":
                return formula
            case "latex":
                return rf"\({formula}\)"
        # Markdown takes a backslash before punctuation for its own, and < for the start of a tag.
        plain = formula.replace(r" \, ", " ").replace("<", r"\lt ").replace(">", r"\gt ")
        return f"${' '.join(plain.split())}$"

    def sign(self, sign: str) -> str:
        return (_SIGNS if self.language == "text" else _LATEX_SIGNS).get(sign, sign)

    def escape(self, text: str) -> str:
        """Text that may come from strangers."""
        match self.language:
            case "text":
                return clean(text)
            case "latex":
                return latex_escape(text)
        return markdown_escape(text)

    def code(self, text: str) -> str:
        """A condition as the problem file writes it."""
        match self.language:
            case "text":
                return clean(text)
            case "latex":
                return rf"\texttt{{{latex_escape(text)}}}"
        return f"`{clean(text).replace('`', '')}`"

    def strong(self, text: str) -> str:
        match self.language:
            case "text":
                return text
            case "latex":
                return rf"\textbf{{{text}}}"
        return f"**{text}**"


@dataclass(frozen=True, slots=True)
class Equation:
    """``(number)  formula``; ``length`` is about how many characters wide it is when set."""

    number: int
    formula: str
    length: int


@dataclass(frozen=True, slots=True)
class Heading:
    """Of a section, e.g. Proof."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose in the language of a style, within so many nested cases.

    Attributes:
        speaks_of: the identities of the nodes of a certificate that it is about (`id`).
    """

    text: str
    depth: int = 0
    starts_case: bool = False
    speaks_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Equations:
    """Facts with their numbers, set apart."""

    lines: tuple[Equation, ...]


Block: TypeAlias = Heading | Paragraph | Equations


def listed(items: list[str], word: str = "and") -> str:
    """``a, b and c``."""
    return f"{', '.join(items[:-1])} {word} {items[-1]}" if len(items) > 1 else "".join(items)
