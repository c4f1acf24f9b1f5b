"""The language of conditions: what parses, its canonical text, and what is refused unevaluated."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zerograd.core.question.language import (
    FUNCTIONS,
    Binary,
    Call,
    Chain,
    Item,
    LanguageError,
    Listing,
    Logic,
    Name,
    Node,
    Number,
    Power,
    Unary,
    unparse,
    walk,
)
from zerograd.core.question.parsing import (
    MAX_DEGREE,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_POWER,
    combine,
    degree,
    negate,
    parse,
)

F = Fraction
X, W, ONE = Name("x"), Name("w1"), Number(1)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("x", X),
        ("x[0]", Item(X, (0,))),
        ("w1[0, 1]", Item(W, (0, 1))),
        ("grad(w1)[0,1]", Item(Call("grad", (W,)), (0, 1))),
        ("12", Number(12)),
        ("0.1", Number(F(1, 10))),
        ("1e-3", Number(F(1, 1000))),
        ("1_0.5_0", Number(F(21, 2))),
        ("0x1F", Number(31)),
        ("1/2", Number(F(1, 2))),
        ("4/2", Number(2)),
        ("-3", Number(-3)),
        ("-1/2", Number(F(-1, 2))),
        ("+x", X),
        ("-x", Unary("-", X)),
        ("--x", Unary("-", Unary("-", X))),
        ("-x**2", Unary("-", Power(X, 2))),
        ("(-x)**2", Power(Unary("-", X), 2)),
        ("x + w1 - 1", Binary("-", Binary("+", X, W), ONE)),
        ("x - (w1 - 1)", Binary("-", X, Binary("-", W, ONE))),
        ("2*x/3", Binary("/", Binary("*", Number(2), X), Number(3))),
        ("1/0", Binary("/", ONE, Number(0))),
        ("x < 1", Chain((X, ONE), ("<",))),
        ("1 <= x != w1 > 0", Chain((ONE, X, W, Number(0)), ("<=", "!=", ">"))),
        ("x == 1 and w1 >= 1", Logic("and", (Chain((X, ONE), ("==",)), Chain((W, ONE), (">=",))))),
        ("x or w1 or 1", Logic("or", (X, W, ONE))),
        ("not x == 1", Unary("not", Chain((X, ONE), ("==",)))),
        ("min(x, w1)", Call("min", (X, W))),
        ("any([x > 0])", Call("any", (Listing((Chain((X, Number(0)), (">",)),)),))),
        ("x == [1, (2, 3)]", Chain((X, Listing((ONE, Listing((Number(2), Number(3)))))), ("==",))),
        ("[]", Listing(())),
        ("  x  ", X),
    ],
)
def test_parse(text: str, node: Node) -> None:
    """Python's syntax and precedence, with exact numbers."""
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.1*x>-.25", "1/10 * x > -1/4"),
        ("((x))+((w1*2))", "x + w1 * 2"),
        ("(x+w1)*2", "(x + w1) * 2"),
        ("x-(w1-1)", "x - (w1 - 1)"),
        ("x/(w1/2)", "x / (w1 / 2)"),
        ("x*(1/2)", "x * (1/2)"),
        ("(1/2)**2", "(1/2)**2"),
        ("(-3)**2", "(-3)**2"),
        ("-3**2", "-3**2"),
        ("(-x)[0]", "(-x)[0]"),
        ("not(x==1 and(w1<2 or x>3))", "not (x == 1 and (w1 < 2 or x > 3))"),
        ("x<1 and(w1<2 and x>3)", "x < 1 and (w1 < 2 and x > 3)"),
        ("(x<1)<w1", "(x < 1) < w1"),
        ("x == (1,2,)", "x == [1, 2]"),
        ("distinct( x,w1 )", "distinct(x, w1)"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    """One way to write each tree, with the fewest parentheses."""
    assert unparse(parse(text)) == canonical
    assert parse(canonical) == parse(text)


# --- round trips ------------------------------------------------------------------------

values = st.one_of(st.integers(-(10**30), 10**30), st.fractions(max_denominator=10**9)).map(
    lambda v: v.numerator if v.denominator == 1 else v
)
names = st.sampled_from(["x", "y", "y_hat", "w1", "b2", "loss", "z1", "sum", "_", "α"])
comparisons = st.sampled_from(["<", "<=", "==", "!=", ">=", ">"])


def composed(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Trees over these, as the parser makes them: signs and quotients of numbers folded."""
    several = st.lists(children, min_size=1, max_size=3).map(tuple)
    two_or_more = st.lists(children, min_size=2, max_size=3).map(tuple)
    index = st.lists(st.integers(0, 10**9 - 1), min_size=1, max_size=2).map(tuple)

    @st.composite
    def chains(draw: st.DrawFn) -> Node:
        operands = draw(two_or_more)
        operators: Any = tuple(draw(comparisons) for _ in operands[1:])
        return Chain(operands, operators)

    return st.one_of(
        st.builds(Item, children, index),
        children.map(negate),
        children.map(lambda child: Unary("not", child)),
        st.builds(combine, st.sampled_from("+-*/"), children, children),
        st.builds(Power, children, st.integers(0, 3)),
        chains(),
        st.builds(Logic, st.sampled_from(["and", "or"]), two_or_more),
        st.builds(Call, st.sampled_from(FUNCTIONS), several),
        st.builds(Listing, several),
    )


leaves: st.SearchStrategy[Node] = st.one_of(values.map(Number), names.map(Name))
trees = st.recursive(leaves, composed, max_leaves=12).filter(lambda node: degree(node) <= MAX_DEGREE)


@given(trees)
@example(Binary("/", Number(F(1, 2)), Number(0)))
@example(Binary("-", X, Number(-3)))
@example(Binary("*", X, Number(F(-1, 2))))
@example(Unary("-", Binary("*", Number(-2), X)))
@example(Item(Number(-3), (0,)))
@example(Logic("or", (Logic("or", (X, W)), X)))
def test_canonical_text_parses_to_the_same_tree(node: Node) -> None:
    """parse ∘ unparse is the identity on trees, unparse ∘ parse on canonical text."""
    text = unparse(node)
    assert parse(text) == node
    assert unparse(parse(text)) == text


@given(trees, trees)
def test_equal_text_means_equal_trees(left: Node, right: Node) -> None:
    """Canonical text tells trees apart, so it may stand for them in a digest."""
    assert (unparse(left) == unparse(right)) == (left == right)


@given(trees)
def test_walk_reaches_every_node(node: Node) -> None:
    """Every name in the canonical text is found below the node."""
    found = {n.name for n in walk(node) if isinstance(n, Name)}
    text = unparse(node)
    assert all(name in text for name in found)
    assert next(walk(node)) == node
    assert sum(isinstance(n, Listing) for n in walk(node)) + sum(
        isinstance(n, Item) for n in walk(node)
    ) == text.count("[")


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_decimals_are_read_from_the_text(digits: int, places: int) -> None:
    """0.1 is 1/10: the text counts, not the float nearest to it."""
    text = f"{digits // 10**places}.{digits % 10**places:0{places}d}"
    for written in (text, f"({text})", f" {text} ", f"{text}e0"):
        node = parse(written)
        assert isinstance(node, Number)
        assert node.value == F(digits, 10**places)


def test_decimals_across_lines() -> None:
    """Lines inside parentheses do not move what is read, and non-ASCII names do not either."""
    assert parse("(x +\n 0.1\r\n + \f 0.3\r+ 0.7)") == parse("x + 1/10 + 3/10 + 7/10")
    assert parse("αβγ + 0.1") == Binary("+", Name("αβγ"), Number(F(1, 10)))


# --- refusals ---------------------------------------------------------------------------

SEE = "see the list of what a condition may contain in docs/FORMATS.md"
CALLS = "the functions are abs, min, max, sum, all, any, distinct, grad"
CONSTANT = "expected a number or a name"
COMPARE = "use <, <=, ==, !=, >= or >"
OPERATE = "the operators are + - * / and ** with a whole exponent"
INDEX = "an index must be a whole number, counted from 0"
EXPONENT = "an exponent must be a whole number from 0 to 64"


@pytest.mark.parametrize(
    ("text", "part", "column", "advice"),
    [
        ("x.real", "x.real", 1, SEE),
        ("1 < x.__class__.__mro__", "x.__class__.__mro__", 5, SEE),
        ("__import__('os').system('true')", "__import__('os').system('true')", 1, CALLS),
        ("eval(x)", "eval(x)", 1, CALLS),
        ("abs(x=1)", "abs(x=1)", 1, CALLS),
        ("abs(*x)", "*x", 5, SEE),
        ("abs(**x)", "abs(**x)", 1, CALLS),
        ("(lambda: 1)()", "(lambda: 1)()", 1, CALLS),
        ("lambda: x", "lambda: x", 1, SEE),
        ("(x := 1)", "x := 1", 2, SEE),
        ("[i for i in x]", "[i for i in x]", 1, SEE),
        ("sum(i for i in x)", "(i for i in x)", 4, SEE),
        ("{1: 2}", "{1: 2}", 1, SEE),
        ("{1}", "{1}", 1, SEE),
        ("f'{x}'", "f'{x}'", 1, SEE),
        ("f'{exec(1)}' == x", "f'{exec(1)}'", 1, SEE),
        ("x == 'x'", "'x'", 6, CONSTANT),
        ("b'x'", "b'x'", 1, CONSTANT),
        ("True", "True", 1, CONSTANT),
        ("None", "None", 1, CONSTANT),
        ("...", "...", 1, CONSTANT),
        ("1j", "1j", 1, CONSTANT),
        ("x if x else 1", "x if x else 1", 1, SEE),
        ("x is w1", "x is w1", 1, COMPARE),
        ("x in [1]", "x in [1]", 1, COMPARE),
        ("x % 2 == 0", "x % 2", 1, OPERATE),
        ("x // 2", "x // 2", 1, OPERATE),
        ("x @ w1", "x @ w1", 1, OPERATE),
        ("1 << 9", "1 << 9", 1, OPERATE),
        ("~x", "~x", 1, SEE),
        ("x[1:2]", "1:2", 3, INDEX),
        ("x[-1]", "-1", 3, INDEX),
        ("x[True]", "True", 3, INDEX),
        ("x[w1]", "w1", 3, INDEX),
        ("x[0.0]", "0.0", 3, INDEX),
        ("x[()]", "()", 3, INDEX),
        ("x[1000000000]", "1000000000", 3, INDEX),
        ("x**w1", "w1", 4, EXPONENT),
        ("x**-1", "-1", 4, EXPONENT),
        ("x**0.5", "0.5", 4, EXPONENT),
        ("x**True", "True", 4, EXPONENT),
        ("x**65", "65", 4, EXPONENT),
        ("2**2**2", "2**2", 4, EXPONENT),
        ("αβ + x.y", "x.y", 6, SEE),
        ("await x", "await x", 1, SEE),
    ],
)
def test_refused_parts(text: str, part: str, column: int, advice: str) -> None:
    """What is not of the language is refused, naming the part, its column, and what to do."""
    with pytest.raises(LanguageError) as error:
        parse(text)
    assert str(error.value) == f"{part!r} at column {column} is not allowed: {advice}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("((((x**60)**60)**60)**60)", "has a degree above 256"),
        ("x**64 * x**64 * x**64 * x**64 * x", "has a degree above 256"),
        ("x" * 4001, "a condition of 4001 characters (at most 4000 are read)"),
        ("x" + "*x" * 600, "nested more than 100 levels deep"),
        ("-" * 200 + "x", "nested more than 100 levels deep"),
        ("1e1001", "'1e1001' has an exponent beyond 1000"),
        ("0x" + "f" * 3998, f"'0x{'f' * 54}... at column 1 is not allowed: the number is too long"),
        ("9" * 3800, f"'{'9' * 56}... at column 1 is not allowed: the number is too long"),
        (
            "1e900" + "/1e-900" * 9,
            "'1e900/1e-900/1e-900/1e-900/1e-900' at column 1 is not allowed: the number is too long",
        ),
        ("x+" + "+".join(["1e-700"] * 9), "takes 6355 characters written out (at most 4000 are read)"),
    ],
    ids=lambda value: value[:20],
)
def test_refused_sizes(text: str, message: str) -> None:
    """Length, depth, degree and the size of numbers are bounded, as written and as written out."""
    with pytest.raises(LanguageError) as error:
        parse(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("", "does not parse"),
        ("   ", "does not parse"),
        ("x <", "does not parse"),
        ("(x", "does not parse at column 1: '(' was never closed"),
        ("x = 1 = 2", "does not parse at column "),
        ("a, b = 1", "does not parse at column "),
        ("import os", "does not parse at column 1: invalid syntax"),
        ("x; y", "does not parse at column 2: invalid syntax"),
        ("x\ny", "does not parse"),
        ("return 1", "does not parse at column 1: invalid syntax"),
        ("yield x", "does not parse at column 1: invalid syntax"),
        ("x\0", "has a control character"),
        ("\ud800", "has a control character"),
        ("\ufeffx .y", "has a control character"),
        ("(x[0] <\r\r\r foo.bar)", "'foo.bar'"),
        ("0777", "does not parse at column 1: "),
        ("1__0", "does not parse at column "),
        ("2x", "does not parse at column "),
        ("“x”", "does not parse at column 1: invalid character '“' (U+201C)"),
        ("f'{'", "does not parse"),
        ("x if", "does not parse"),
        ("\\", "does not parse"),
        ("*x", "does not parse at column 1: "),
        ("(" * 300 + "x" + ")" * 300, "does not parse"),
        ("9" * 4000, ""),
        ("# x", "does not parse"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_python_does_not_parse(text: str, beginning: str) -> None:
    """Python's own syntax errors become errors of the language, with Python's words."""
    with pytest.raises(LanguageError) as error:
        parse(text)
    assert str(error.value).startswith(beginning)


def test_a_lone_equals_sign_gets_a_hint() -> None:
    """The commonest slip is named, where Python does not name it itself."""
    with pytest.raises(LanguageError, match=r"write == for equality|Maybe you meant '=='"):
        parse("x[0] = 1")
    with pytest.raises(LanguageError) as error:
        parse("2 * x = 1")
    assert "==" in str(error.value)


def test_the_longest_and_deepest_is_read() -> None:
    """The limits are limits on what is refused: up to them everything works, twice."""
    deep = "x" + "+x" * (MAX_DEPTH - 1)
    nested = "abs(" * (MAX_DEPTH - 1) + "x" + ")" * (MAX_DEPTH - 1)
    brackets = "[" * (MAX_DEPTH - 1) + "x" + "]" * (MAX_DEPTH - 1)
    right = "x-(" * (MAX_DEPTH - 1) + "x" + ")" * (MAX_DEPTH - 1)
    long = "[" + "x," * 1300 + "x]"
    for text in (deep, nested, brackets, right, long):
        node = parse(text)
        assert parse(unparse(node)) == node
        assert len(list(walk(node))) > MAX_DEPTH - 1
    assert degree(parse(f"(x**{MAX_POWER})**4")) == MAX_DEGREE
    with pytest.raises(LanguageError, match="nested more than 100 levels deep"):
        parse(deep + "+x")
    assert len(long) < MAX_LENGTH


PIECES = (
    "x w1 [0] [ ] ( ) ** * / // + - < == = := and or not if else for in is await yield lambda f'{x}' '"
    " \" ''' \\ . .. __class__ 1 0.1 1e999 1e9999 0x 1j None True { } : , ; @ ~ % & | ^ ! # é"
    " abs( sum( grad( eval( exec( __import__('os') open('/etc/passwd') print( *x **x … ½ ∞"
)
fragments = st.sampled_from([*PIECES.split(), " ", "\n", "\0", "\t", "\f", "\ud800", "\ufeff"])


@given(st.one_of(st.text(max_size=60), st.lists(fragments, max_size=25).map(" ".join)))
@example("(" * 2000)
@example("[" * 199 + "]" * 199)
@example("-" * 3999 + "x")
@example("not " * 999 + "x")
@example("x" + "+x" * 1999)
@example("x" + "<x" * 1999)
@example("x" + " or x" * 799)
@example("(" * 99 + "x" + ")" * 99)
@example("x" + "[0]" * 1300)
@example("f'" + "{x}" * 1000 + "'")
@example("lambda " * 500)
@example("1if 1else " * 300 + "1")
def test_hostile_text(text: str) -> None:
    """Any text gives a tree, or LanguageError with a short message; never anything else."""
    try:
        node = parse(text)
    except LanguageError as error:
        assert 0 < len(str(error)) < 300
    else:
        assert parse(unparse(node)) == node


def test_nothing_is_evaluated(tmp_path: Path) -> None:
    """Text that would write a file if Python ran any of it writes none."""
    mark = tmp_path / "ran"
    write = f"open({str(mark)!r}, 'w')"
    assert eval(write).close() is None, "the text works where it is evaluated"
    mark.unlink()
    for text in (
        write,
        f"x[{write}]",
        f"[{write} for i in x]",
        f"(lambda a={write}: 1)",
        f"abs({write})",
        f"(y := {write})",
        f"{write} < 1",
        f"x ** {write}",
        'f"{' + write + '}"',
        f"1 if {write} else 2",
    ):
        with pytest.raises(LanguageError, match="is not allowed"):
            parse(text)
    assert not mark.exists()


def test_warnings_of_python_stay_silent() -> None:
    """Odd but harmless text such as 1[0] warns nobody."""
    assert parse("1[0]") == Item(ONE, (0,))
    assert parse("1 < x[0][0]") == Chain((ONE, Item(Item(X, (0,)), (0,))), ("<",))
