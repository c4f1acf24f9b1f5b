"""Text from problem files, which may come from strangers, made safe to print."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and its like: window titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories: control, format (which reorders text, or hides in it), surrogate, private, none."""
_JOINERS = "\u200c\u200d"
"""Characters of category Cf that are part of how some languages are written."""


def clean(text: str) -> str:
    """One line without escape sequences, control characters, and marks that hide or reorder text."""
    spaced = (" " if c.isspace() else c for c in _ESCAPE_SEQUENCES.sub("", text))
    visible = "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in _HIDDEN)
    return " ".join(visible.split())


def clean_lines(text: str) -> list[str]:
    """The lines of a longer text, each as `clean` leaves it."""
    return [clean(line) for line in text.splitlines()]


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&]|:(?=//)|(?<=www)\.)")
_LINE_MARK = re.compile(r"[-+](?: |$)|[-=:][-=:|\\ ]*$")
"""At the start of a line: of a list, or all of what underlines a heading, rules a page or starts a table."""
_NUMBERED = re.compile(r"([0-9]{1,9})[.)](?: |$)")
_FORMULA = re.compile(r"\\\\(?=\\[\[\]]|[()]|begin\\\{)")
"""An escaped backslash that notebooks would take, with what follows, for the start or end of a formula.

An empty element parts the two: in the source, where JupyterLab looks, and on the page, where MathJax does.
"""


def markdown_escape(text: str) -> str:
    """Text as Markdown that says the same, in a line or as a line of its own."""
    escaped = _MARKDOWN.sub(r"\\\1", clean(text))
    if _LINE_MARK.match(escaped):
        escaped = f"\\{escaped}"
    if number := _NUMBERED.match(escaped):
        escaped = f"{number[1]}\\{escaped[number.end(1) :]}"
    return _FORMULA.sub(r"\\\\<span></span>", escaped)


_ASCII = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
}
_LETTERS = {
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}",
    "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "å": r"\aa{}", "Å": r"\AA{}",
}  # fmt: skip
_SIGNS = {
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\ldots{}", "§": r"\S{}",
    "×": r"\(\times\)", "·": r"\(\cdot\)", "−": r"\(-\)", "±": r"\(\pm\)", "≤": r"\(\leq\)",
    "≥": r"\(\geq\)", "≠": r"\(\neq\)", "≈": r"\(\approx\)", "→": r"\(\to\)", "∂": r"\(\partial\)",
    "∇": r"\(\nabla\)", "∞": r"\(\infty\)", "∈": r"\(\in\)", "∑": r"\(\sum\)", "∀": r"\(\forall\)",
    "∃": r"\(\exists\)", "°": r"\(^\circ\)", "²": r"\(^2\)", "³": r"\(^3\)", "½": r"\(\frac12\)",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "varphi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c",
}  # fmt: skip


def latex_escape(text: str) -> str:
    """Text as LaTeX that says the same, in any encoding and with no package.

    A character that plain LaTeX cannot set becomes its number: ``[U+1F600]``.
    """
    line = clean(text)
    # Two hyphens would become a dash.
    return "".join(
        ("{}" if before == c == "-" else "") + _latex_character(c) for before, c in pairwise(f" {line}")
    )


def _latex_character(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    if character.isascii():
        return character
    if character in _GREEK:
        return rf"\(\{_GREEK[character]}\)"
    known = _LETTERS.get(character) or _SIGNS.get(character)
    if known is not None:
        return known
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        base = (
            {"i": r"\i", "j": r"\j"}.get(parts[0], parts[0]) if parts[1] not in "\u0327\u0323" else parts[0]
        )
        return rf"\{_ACCENTS[parts[1]]}{{{base}}}"
    return f"[U+{ord(character):04X}]"
