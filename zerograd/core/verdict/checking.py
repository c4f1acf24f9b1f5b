"""Checks of result documents: witness or certificate, and every claim beside it.

Whether a witness answers its problem is for `zerograd.core.verdict.existence`, a certificate for
`zerograd.core.refuting.refutation`. Whatever is not accepted is refused by raising, naming entry,
expected and found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from zerograd.core.errors import FormatError, NothingToCheck, Refused, Violation, short
from zerograd.core.model.enclosing import UNDECIDED
from zerograd.core.model.references import entry
from zerograd.core.numbers.exact import Exact, format_exact
from zerograd.core.numbers.field import field_from_json
from zerograd.core.numbers.rationals import rational_from_json
from zerograd.core.numbers.real import (
    MAX_ORDER,
    Ball,
    Real,
    format_real,
    is_as_told,
    is_moderate,
    real_from_json,
)
from zerograd.core.points.documents import check_kind_document
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.documents import is_plainly, problem_from_json
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.given import incomplete
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Samples, gradient_shapes
from zerograd.core.verdict.enclosed import FORMAT as ENCLOSURE_FORMAT
from zerograd.core.verdict.enclosed import EnclosedWitness, any_witness_from_json
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.generic import check_generic
from zerograd.core.verdict.lower import Lower, check_lower, lower_claimed
from zerograd.core.verdict.size import Size, size_of, unit_on_kink
from zerograd.core.verdict.witness import FORMAT as WITNESS_FORMAT
from zerograd.core.verdict.witness import Witness, array_of

if TYPE_CHECKING:  # a yes needs none of what refutes
    from zerograd.core.refuting.certificate import Certificate

RESULT_FORMAT = "zerograd.result/1"
ATLAS_FORMAT = "zerograd.atlas/1"


def check_witness(
    problem: Problem, witness: Witness, kind: PointKind | None = None, lower: Lower | None = None
) -> None:
    """Return quietly if the witness answers the problem.

    Args:
        kind: what shows that it is a minimum, where that is asked; else None, or what it is.
        lower: parameters with a lower loss on its data, where these are asked for; else None, or such ones.

    Raises:
        Refused: it does not, or is not known to; with every violation.
    """
    if witness.problem.digest != problem.digest:
        raise Refused([Violation("problem", problem.digest, witness.problem.digest)])
    if isinstance(witness, EnclosedWitness):
        wrong = enclosed_violations(problem, witness)
    else:
        wrong = violations(problem, witness.point)
    if wrong:
        raise Refused(wrong)
    if kind is not None:
        _check_kind(witness, kind)
    if problem.minimum is not None:
        _check_minimum(problem, kind)
    if lower is not None:
        check_lower(witness, lower)
    elif problem.spurious:
        raise Refused([Violation("spurious", "parameters with a lower loss", "none")])


def _check_minimum(problem: Problem, kind: PointKind | None) -> None:
    """See to it that an accepted kind is the minimum that is asked for. Raises Refused."""
    if kind is None or not kind.is_asked(problem.minimum, problem.model):
        found = "nothing that shows it" if kind is None else str(kind.kind)
        raise Refused([Violation("minimum", f"a {problem.minimum} minimum", found)])


def _check_kind(witness: Witness, kind: PointKind) -> None:
    """See to it that a witness is a point of this kind. Raises Refused."""
    if isinstance(witness, EnclosedWitness):
        raise Refused([Violation("the kind of the point", "one of an exact witness", "an enclosed one")])
    kind.check(witness.point)


def enclosed_violations(problem: Problem, witness: EnclosedWitness) -> list[Violation]:
    """What is not, or is not known to be, as the problem asks; nothing if the enclosed point answers it."""
    solution = witness.solution
    if solution.violations:
        return list(solution.violations)
    try:
        gradients = (v for name in problem.gradient_names for v in witness.gradients[name].entries)
        if not all(map(is_moderate, (witness.loss, *gradients))):
            return [Violation("the solution", f"a loss and gradients up to 10^{MAX_ORDER}", "larger ones")]
        return violations(problem, solution.point, EnclosureAlgebra())
    except UNDECIDED as reason:
        return [Violation("the solution", "enclosures of all that is asked", f"not known: {reason}")]


def claimed_digest(data: object) -> object:
    """The digest of the problem that a result, or a witness alone, claims to answer; None if none."""
    named = data.get("problem") if isinstance(data, Mapping) else None
    return named.get("digest") if isinstance(named, Mapping) else named


def carried_question(data: object) -> Problem | None:
    """The problem that a result carries with it, None if it carries none.

    Raises:
        FormatError, ProblemError: what it carries is no problem.
        Refused: it is another one than the result claims to answer.
    """
    named = data.get("problem") if isinstance(data, Mapping) else None
    if not isinstance(named, Mapping) or "question" not in named:
        return None
    problem = problem_from_json(named["question"])
    _check_digest(problem, named.get("digest"), "the problem that it carries")
    return problem


def check_fewer(problem: Problem, samples: int, certificate: Certificate) -> None:
    """Check that no number of samples below this one, of those that are asked for, has a witness.

    Raises:
        Refused: the certificate does not prove it, or there is no such number.
    """
    least = problem.samples.least
    if least >= samples:
        raise Refused([Violation("fewer", f"no certificate: {samples} is the least that is asked", "one")])
    from zerograd.core.refuting.refutation import check_certificate

    check_certificate(problem.with_samples(Samples(least, samples - 1)), certificate)


def check_size(witness: Witness, claimed: Size) -> None:
    """Check how small a witness is said to be. Raises Refused."""
    size = size_of(witness)
    if size != claimed:
        raise Refused(
            [Violation("size", "an irrational number" if size is None else str(size), str(claimed))]
        )


def check_result(problem: Problem, data: object) -> Witness | Certificate:
    """Check a result document against a problem: digest, witness or certificate, and every claim beside it.

    Returns:
        The witness or the certificate, accepted.

    Raises:
        FormatError: not a result (or witness, or certificate) document.
        NothingToCheck: it is well-formed and carries neither.
        Refused: the witness or certificate, or a claimed gradient, loss or number of samples is wrong.
    """
    from zerograd.core.refuting.certificate import FORMAT as CERTIFICATE_FORMAT
    from zerograd.core.refuting.certificate import certificate_from_json
    from zerograd.core.refuting.refutation import every_samples

    if not isinstance(data, Mapping):
        raise FormatError("a result is a JSON object")
    if data.get("format") in (WITNESS_FORMAT, ENCLOSURE_FORMAT):
        return _check_document(problem, data)
    if data.get("format") == CERTIFICATE_FORMAT:
        return _check_refutation(problem, data)
    if data.get("format") != RESULT_FORMAT:
        raise FormatError(
            f"format: expected {RESULT_FORMAT!r}, {WITNESS_FORMAT!r}, {ENCLOSURE_FORMAT!r} or "
            f"{CERTIFICATE_FORMAT!r}, found {short(data.get('format'))}"
        )
    _check_digest(problem, claimed_digest(data))
    named = data["problem"]
    if not (isinstance(named, Mapping) and is_plainly(problem, named.get("question"))):
        carried_question(data)
    status = data.get("status")
    if status not in ("sat", "unsat", "unknown"):
        raise FormatError(f"status: expected sat, unsat or unknown, found {short(status)}")
    if status == "unsat" and ("certificate" in data or data.get("evidence") == "certificate"):
        certificate = _check_refutation(problem, data.get("certificate"))
        _check_instead(problem, data.get("instead", []))
        _expect(data, [("evidence", "certificate"), ("samples", problem.samples.fixed)])
        if data.get("every_samples") and not every_samples(problem, certificate):
            raise Refused([Violation("every_samples", "that it is not claimed", "a claim of every number")])
        return certificate
    if status != "sat":
        evidence = data.get("evidence")
        source = " and rests on a solver's word" if evidence == "solver" else ""
        raise NothingToCheck(f"the result is {status}{source}: it carries nothing that can be checked")
    witness = _check_document(problem, data.get("witness"), data.get("kind"), data.get("lower"))
    _expect(data, [("evidence", "witness"), ("samples", witness.samples)])
    if data.get("every_samples"):
        raise Refused([Violation("every_samples", "that a sat does not claim it", "a claim of every number")])
    _check_claims(problem, witness, data)
    if "fewer" in data:
        check_fewer(problem, witness.samples, certificate_from_json(data["fewer"]))
    if "smallest" in data:
        _check_smallest(witness, data["smallest"])
    if "generic" in data:
        if not isinstance(data["generic"], bool):
            raise FormatError(f"generic: expected true or false, found {short(data['generic'])}")
        check_generic(witness, claimed=data["generic"])
    return witness


def _check_smallest(witness: Witness, data: object) -> None:
    """The size; and that what is said beside it agrees, which is all that can be seen without a search."""
    if not isinstance(data, Mapping):
        raise FormatError(f"smallest: expected an object, found {short(data)}")
    size = size_from_json(data, witness)
    check_size(witness, size)
    rank, exhausted = data.get("rank"), data.get("exhausted")
    if not (type(rank) is int and rank >= 1 and type(exhausted) is int and exhausted >= 0):
        raise FormatError(f"smallest: expected rank (from 1) and exhausted (from 0), found {short(data)}")
    _expect(data, [("proved", size.height <= exhausted)], within="smallest.")


def size_from_json(data: Mapping[str, Any], witness: Witness) -> Size:
    """Read the size in a result's ``smallest``; what an older one leaves out is taken from the witness.

    Raises:
        FormatError: it is no size.
        Refused: it has none, or an older one says wrongly whether a unit is on a kink.
    """
    height, total, on_kink = data.get("height"), data.get("total"), data.get("on_kink")
    if type(height) is not int or not isinstance(total, str) or not isinstance(on_kink, bool):
        raise FormatError(f"smallest: expected height, total and on_kink, found {short(data)}")
    claimed = Fraction(rational_from_json(total))
    if not is_of_old_order(data):
        counts = [data.get("non_integers"), data.get("nonzeros")]
        if not all(type(count) is int for count in counts):
            raise FormatError(f"smallest: expected non_integers and nonzeros, found {short(data)}")
        return Size(height, on_kink, counts[0], claimed, counts[1])  # type: ignore[arg-type]
    size = size_of(witness)
    if size is None:
        raise Refused([Violation("size", "an irrational number", short(data))])
    if on_kink != (known := unit_on_kink(witness)):  # a kink of the loss did not count
        raise Refused([Violation("size: on_kink", str(known), str(on_kink))])
    return replace(size, height=height, total=claimed)


def is_of_old_order(smallest: Mapping[str, Any]) -> bool:
    """Whether it was written when sizes were compared by height, sum and on_kink, in this order."""
    return "non_integers" not in smallest and "nonzeros" not in smallest


def _expect(data: Mapping[str, Any], claims: Sequence[tuple[str, object]], within: str = "") -> None:
    for name, expected in claims:
        found = data.get(name)
        if type(found) is not type(expected) or found != expected:
            raise Refused([Violation(within + name, str(expected), short(found))])


def _check_refutation(problem: Problem, data: object) -> Certificate:
    from zerograd.core.refuting.certificate import certificate_from_json
    from zerograd.core.refuting.refutation import check_certificate

    certificate = certificate_from_json(data)
    check_certificate(problem, certificate)
    return certificate


def accepted_line(problem: Problem, accepted: Witness | Certificate) -> str:
    """What was accepted, in a line."""
    if isinstance(accepted, Witness):
        plural = "" if accepted.samples == 1 else "s"
        how = "re-checked exactly"
        if isinstance(accepted, EnclosedWitness):
            how = f"{accepted.words}, proved again"
        return f"accepted: a witness with {accepted.samples} sample{plural}, {how}"
    from zerograd.core.refuting.refutation import every_samples

    asked = problem.samples
    numbers = f"{asked} sample{'' if asked.fixed == 1 else 's'}" if asked.fixed else f"samples: {asked}"
    scope = "any number of samples" if every_samples(problem, accepted) else numbers
    return f"accepted: a certificate that there is no answer ({scope}), re-checked exactly"


def _check_document(problem: Problem, data: object, kind: object = None, lower: object = None) -> Witness:
    form = data.get("format") if isinstance(data, Mapping) else None
    if isinstance(data, Mapping) and form in (WITNESS_FORMAT, ENCLOSURE_FORMAT):
        # Before its arrays are read: the witness of another problem is no malformed one.
        _check_digest(problem, data.get("problem"))
    witness = any_witness_from_json(problem, data)
    check_witness(problem, witness, kind_claimed(witness, kind), lower_claimed(witness, lower))
    return witness


def kind_claimed(witness: Witness, data: object) -> PointKind | None:
    """Read what a result says of the kind of its witness, None if nothing.

    Raises:
        FormatError: it is not of the documented form.
        Refused: it is not so.
    """
    if data is None:
        return None
    if isinstance(witness, EnclosedWitness):
        raise Refused([Violation("kind", "none of an enclosed witness", "one")])
    return check_kind_document(witness.point, data, witness.field)


def _check_digest(problem: Problem, digest: object, which: str = "the problem at hand") -> None:
    if digest != problem.digest:
        raise Refused([Violation("problem", f"{problem.digest} ({which})", _shown(digest))])


def _shown(digest: object) -> str:
    """A digest as it stands, anything else as Python writes it."""
    return digest if isinstance(digest, str) and digest.isprintable() and len(digest) < 100 else short(digest)


def _check_claims(problem: Problem, witness: Witness, data: Mapping[str, Any]) -> None:
    """Claimed gradients and loss against computed ones; each may be left out."""
    raw = data["witness"]
    field = field_from_json(raw["field"]) if "field" in raw else None
    read = partial(real_from_json, field=field)
    shapes = gradient_shapes(problem.network, witness.samples)
    wrong: list[Violation] = []
    gradients = data.get("gradients", {})
    if not isinstance(gradients, Mapping):
        raise FormatError("gradients: expected an object")
    for name, claimed in gradients.items():
        if name not in shapes:
            raise FormatError(f"gradients: {short(name)} is neither a parameter of this network nor x")
        array = array_of(claimed, shapes[name], f"gradients.{name}", read)
        pairs = zip(array.items(), witness.gradients[name].entries, strict=True)
        for (index, value), computed in pairs:
            if not is_as_told(computed, value):
                wrong.append(_false_claim(f"∂L/∂{entry(name, index)}", computed, value))
    if "loss" in data:
        claimed_loss = array_of(data["loss"], (), "loss", read)[()]
        try:
            computed = witness.loss
        except ArithmeticError as error:
            wrong.append(Violation("claimed loss", f"none: {error}", _written(claimed_loss)))
        else:
            if not is_as_told(computed, claimed_loss):
                wrong.append(_false_claim("loss", computed, claimed_loss))
    if wrong:
        raise Refused(wrong)


def _false_claim(what: str, computed: Real, claimed: Exact | Ball) -> Violation:
    return Violation(f"claimed {what}", format_real(computed), _written(claimed))


def _written(claimed: Exact | Ball) -> str:
    if isinstance(claimed, Ball):
        return str(claimed)
    return format_exact(claimed)


def _check_instead(problem: Problem, claimed: object) -> None:
    """Check what a document says is found instead of what is asked, where everything is given.

    Raises:
        FormatError: it is not of the documented form.
        Refused: other numbers are found.
    """
    if not isinstance(claimed, list):
        raise FormatError(f"instead: expected a list, found {short(claimed)}")
    from zerograd.core.refuting.calculation import wrong_at

    found = wrong_at(problem) if claimed and incomplete(problem) is None else ()
    if len(claimed) != len(found):
        raise Refused([Violation("instead", f"{len(found)} of what is asked", str(len(claimed)))])
    for number, (item, wrong) in enumerate(zip(claimed, found, strict=True)):
        place = f"instead[{number}]"
        if not isinstance(item, Mapping) or set(item) != {"asked", "found"}:
            raise FormatError(f"{place}: expected an object with asked and found")
        if item["asked"] != wrong.label:
            raise Refused([Violation(f"{place}.asked", wrong.label, short(item["asked"]))])
        told = item["found"] if isinstance(item["found"], list) else None
        if told is None or len(told) != len(wrong.values):
            raise Refused([Violation(f"{place}.found", f"{len(wrong.values)} numbers", short(item["found"]))])
        for number_told, value in zip(map(real_from_json, told), wrong.values, strict=True):
            if not is_as_told(value, number_told):
                raise Refused([Violation(f"{place}.found", format_real(value), short(str(number_told)))])
