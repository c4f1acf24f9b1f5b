"""Terms and formulas of nonlinear arithmetic, independent of any solver, and their SMT-LIB text.

Constructors simplify as they build: constants fold, neutral elements vanish, sums and products
flatten. There is no division: x/0 has no agreed meaning among solvers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm, prod
from typing import Literal, TypeAlias

from zerograd.core.numbers.rationals import digits

Sort = Literal["Real", "Int"]
"""The sort of a numeric variable. Truths are declared apart."""
Comparison = Literal["<", "<=", "=", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    value: int | Fraction


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Product:
    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``then`` where the condition holds, else ``other``."""

    condition: Formula
    then: Term
    other: Term


@dataclass(frozen=True, slots=True)
class Relation:
    """``left operator right``."""

    operator: Comparison
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Formula


@dataclass(frozen=True, slots=True)
class Truth:
    """A Boolean variable."""

    name: str


Term: TypeAlias = Variable | Constant | Sum | Product | Choice
Formula: TypeAlias = Relation | And | Or | Not | Truth

ZERO, ONE = Constant(0), Constant(1)
TRUE: Formula = And(())
FALSE: Formula = Or(())


# What follows is called for each part of each formula: classes are compared, as none has a subclass.


def add(*terms: Term) -> Term:
    """A sum, flattened, its constants folded."""
    constant: int | Fraction = 0
    rest: list[Term] = []
    for term in terms:
        kind = type(term)
        if kind is Variable or kind is Product:
            rest.append(term)
        elif isinstance(term, Constant):
            constant += term.value
        else:
            for part in term.terms if isinstance(term, Sum) else (term,):
                if isinstance(part, Constant):
                    constant += part.value
                else:
                    rest.append(part)
    if constant or not rest:
        rest.append(Constant(constant))
    return rest[0] if len(rest) == 1 else Sum(tuple(rest))


def multiply(*factors: Term) -> Term:
    """A product, flattened, its constants folded."""
    constant: int | Fraction = 1
    rest: list[Term] = []
    for factor in factors:
        kind = type(factor)
        if kind is Variable or kind is Sum:
            rest.append(factor)
        elif isinstance(factor, Constant):
            constant *= factor.value
        else:
            for part in factor.factors if isinstance(factor, Product) else (factor,):
                if isinstance(part, Constant):
                    constant *= part.value
                else:
                    rest.append(part)
    if not constant or not rest:
        return Constant(constant)
    if constant != 1:
        rest.insert(0, Constant(constant))
    return rest[0] if len(rest) == 1 else Product(tuple(rest))


def negate(term: Term) -> Term:
    return multiply(Constant(-1), term)


def power(base: Term, exponent: int) -> Term:
    return multiply(*[base] * exponent)


def choose(condition: Formula, then: Term, other: Term) -> Term:
    if condition == TRUE or then == other:
        return then
    return other if condition == FALSE else Choice(condition, then, other)


def relate(left: Term, operator: Comparison, right: Term) -> Formula:
    """A comparison; of constants: its truth."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        a, b = left.value, right.value
        holds = {"<": a < b, "<=": a <= b, "=": a == b, ">=": a >= b, ">": a > b}[operator]
        return TRUE if holds else FALSE
    return Relation(operator, left, right)


def differ(left: Term, right: Term) -> Formula:
    """left ≠ right."""
    return invert(relate(left, "=", right))


def _is_true(part: Formula) -> bool:
    return isinstance(part, And) and not part.parts


def _is_false(part: Formula) -> bool:
    return isinstance(part, Or) and not part.parts


def conjoin(parts: Iterable[Formula]) -> Formula:
    flat: list[Formula] = []
    for part in parts:
        if _is_false(part):
            return FALSE
        flat.extend(part.parts if isinstance(part, And) else (part,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjoin(parts: Iterable[Formula]) -> Formula:
    flat: list[Formula] = []
    for part in parts:
        if _is_true(part):
            return TRUE
        flat.extend(part.parts if isinstance(part, Or) else (part,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def imply(premise: Formula, conclusion: Formula) -> Formula:
    kind, then = type(premise), type(conclusion)
    if (kind is Truth or kind is Not) and (then is Relation or then is Truth):
        return Or((premise.part if isinstance(premise, Not) else Not(premise), conclusion))
    return disjoin([invert(premise), conclusion])


def invert(part: Formula) -> Formula:
    kind = type(part)
    if kind is Truth or kind is Relation:
        return Not(part)
    if _is_true(part):
        return FALSE
    if _is_false(part):
        return TRUE
    return part.part if isinstance(part, Not) else Not(part)


@dataclass(slots=True)
class Script:
    """A question for a solver.

    Attributes:
        variables: the unknowns, whose values a model is asked for.
        auxiliary: names for terms; their values follow.
        truths: Boolean unknowns.
        assertions: what must hold.
    """

    variables: dict[str, Sort] = field(default_factory=dict)
    auxiliary: dict[str, Sort] = field(default_factory=dict)
    truths: list[str] = field(default_factory=list)
    assertions: list[Formula] = field(default_factory=list)

    def declare(self, name: str, sort: Sort) -> Variable:
        self.variables[name] = sort
        return Variable(name)

    def truth(self, name: str) -> Truth:
        self.truths.append(name)
        return Truth(name)

    def introduce(self, name: str, sort: Sort) -> Variable:
        """An auxiliary variable, to be tied down by assertions."""
        self.auxiliary[name] = sort
        return Variable(name)

    def define(self, name: str, sort: Sort, term: Term) -> Term:
        """A name for a term; constants and variables need none."""
        if isinstance(term, Constant | Variable):
            return term
        variable = self.introduce(name, sort)
        self.require(relate(variable, "=", term))
        return variable

    def require(self, formula: Formula) -> None:
        if not _is_true(formula):
            self.assertions.append(formula)

    def copy(self, extra: Iterable[Formula] = ()) -> Script:
        """The same question with further assertions."""
        assertions = [*self.assertions, *extra]
        return Script(dict(self.variables), dict(self.auxiliary), list(self.truths), assertions)

    def holds_integers(self, term: Term) -> bool:
        """Whether the term is seen to be an integer, whatever the values of its variables."""
        return is_integral(term, self.variables | self.auxiliary) and denominator(term) == 1

    def to_smtlib(self) -> str:
        """SMT-LIB 2.6 text: declarations and assertions, without commands."""
        sorts = self.variables | self.auxiliary
        lines = [f"(declare-const {name} {sort})" for name, sort in sorts.items()]
        lines += [f"(declare-const {name} Bool)" for name in self.truths]
        printer = Printer(sorts)
        lines += [f"(assert {printer.formula(assertion)})" for assertion in self.assertions]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Printer:
    """Text of terms. A comparison of integers with rational coefficients is scaled to integers."""

    sorts: Mapping[str, Sort]

    @cached_property
    def _real(self) -> bool:
        """Whether there are no integers among the variables."""
        return "Int" not in self.sorts.values()

    def formula(self, formula: Formula) -> str:
        # The most frequent first.
        if isinstance(formula, Or):
            parts = formula.parts
            return f"(or {' '.join(map(self.formula, parts))})" if parts else "false"
        if isinstance(formula, Relation):
            operator, left, right = formula.operator, formula.left, formula.right
            sort: Sort = "Real"
            if not self._real and is_integral(left, self.sorts) and is_integral(right, self.sorts):
                sort = "Int"
                scale = lcm(denominator(left), denominator(right))
                left, right = multiply_out(left, scale), multiply_out(right, scale)
            return f"({operator} {self.term(left, sort)} {self.term(right, sort)})"
        if isinstance(formula, Not):
            return f"(not {self.formula(formula.part)})"
        if isinstance(formula, Truth):
            return formula.name
        return f"(and {' '.join(map(self.formula, formula.parts))})" if formula.parts else "true"

    def term(self, term: Term, sort: Sort) -> str:
        if isinstance(term, Variable):
            whole = not self._real and sort == "Real" and self.sorts[term.name] == "Int"
            return f"(to_real {term.name})" if whole else term.name
        if isinstance(term, Product):
            return f"(* {' '.join([self.term(t, sort) for t in term.factors])})"
        if isinstance(term, Constant):
            return _number(term.value, sort)
        if isinstance(term, Sum):
            return f"(+ {' '.join([self.term(t, sort) for t in term.terms])})"
        condition = self.formula(term.condition)
        return f"(ite {condition} {self.term(term.then, sort)} {self.term(term.other, sort)})"


def is_integral(term: Term, sorts: Mapping[str, Sort]) -> bool:
    """Whether all its variables are integers (its coefficients may be fractions)."""
    match term:
        case Variable(name=name):
            return sorts[name] == "Int"
        case Constant():
            return True
        case Sum(terms=parts) | Product(factors=parts):
            return all(is_integral(part, sorts) for part in parts)
        case Choice(then=then, other=other):
            return is_integral(then, sorts) and is_integral(other, sorts)


def denominator(term: Term) -> int:
    """A d for which d·term has integer coefficients."""
    match term:
        case Variable():
            return 1
        case Constant(value=value):
            return Fraction(value).denominator
        case Sum(terms=parts):
            return lcm(*map(denominator, parts))
        case Product(factors=parts):
            return prod(map(denominator, parts))
        case Choice(then=then, other=other):
            return lcm(denominator(then), denominator(other))


def multiply_out(term: Term, scale: int) -> Term:
    """scale·term with the factor pushed inside, so that fractions of coefficients cancel."""
    if scale == 1:
        return term
    match term:
        case Variable():
            return multiply(Constant(scale), term)
        case Constant(value=value):
            product = Fraction(value) * scale
            return Constant(product.numerator if product.denominator == 1 else product)
        case Sum(terms=parts):
            return add(*(multiply_out(part, scale) for part in parts))
        case Product(factors=factors):
            coefficient = Fraction(1)
            rest = []
            for factor in factors:
                own = denominator(factor)
                rest.append(multiply_out(factor, own))
                coefficient /= own
            product = coefficient * scale
            return multiply(Constant(product.numerator if product.denominator == 1 else product), *rest)
        case Choice(condition=condition, then=then, other=other):
            return Choice(condition, multiply_out(then, scale), multiply_out(other, scale))


def _number(value: int | Fraction, sort: Sort) -> str:
    suffix = ".0" if sort == "Real" else ""
    if isinstance(value, int):
        text = f"{digits(abs(value))}{suffix}"
        return f"(- {text})" if value < 0 else text
    fraction = value
    if sort == "Int" and fraction.denominator != 1:
        raise ValueError(f"{value} is no integer")
    text = f"{digits(abs(fraction.numerator))}{suffix}"
    if fraction.denominator != 1:
        text = f"(/ {text} {digits(fraction.denominator)}{suffix})"
    return f"(- {text})" if fraction < 0 else text


def real_text(value: int | Fraction) -> str:
    """SMT-LIB text of a real number."""
    return _number(value, "Real")
