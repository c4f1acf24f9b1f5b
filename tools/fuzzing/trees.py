"""Changes of the tree of a certificate: of which parts it is made."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

Node = dict[str, Any]


def nodes(node: Any) -> Iterator[Node]:
    """A node and all below it."""
    if isinstance(node, dict):
        yield node
        cases = node.get("cases")
        for child in cases.values() if isinstance(cases, dict) else ():
            yield from nodes(child)


def tree_changed(certificate: Any, chance: Random) -> None:
    """Put a part of a proof elsewhere, leave one out, refer to one, or claim another power or square."""
    parts = certificate.get("parts") if isinstance(certificate, dict) else None
    proofs = (
        [part["proof"] for part in parts if isinstance(part, dict) and "proof" in part]
        if isinstance(parts, list)
        else []
    )
    known = [node for proof in proofs for node in nodes(proof)]
    if not known:
        return
    here, there = chance.choice(known), copy.deepcopy(chance.choice(known))
    names = [node["name"] for node in known if isinstance(node.get("name"), str)]
    match chance.randrange(9):
        case 0:
            _become(here, there)
        case 1:
            _become(here, {"like": chance.choice([*names, "n1"])})
        case 2:
            order = [*range(chance.choice([2, 2, 3]))]
            chance.shuffle(order)
            _become(here, {"like": chance.choice([*names, "n1"]), "samples": order})
        case 3:
            _become(
                here,
                {"like": chance.choice([*names, "n1"]), "units": {"1": chance.choice([[1, 0], [0, 1], [0]])}},
            )
        case 4 if isinstance(here.get("cases"), dict) and here["cases"]:
            here["cases"].pop(chance.choice([*here["cases"]]))
        case 5 if isinstance(here.get("cases"), dict) and here["cases"]:
            _become(here, copy.deepcopy(chance.choice([*here["cases"].values()])))
        case 6 if "like" not in here:
            here["name"] = chance.choice([*names, "n1", "n99"])
        case 7 if isinstance(here.get("cofactors"), dict):
            strange = [
                {"coefficient": "1"},
                {"coefficient": "0"},
                {"coefficient": "-1"},
                {"coefficient": "1", "squares": [[["1"]]]},
                {"coefficient": "1", "factors": dict.fromkeys(list(here["cofactors"])[:1], 1)},
                {"coefficient": "1", "squares": [[]]},
            ]
            here["positive"] = [*(here.get("positive") or []), chance.choice(strange)]
        case _ if isinstance(here.get("nonzero"), dict) and here["nonzero"]:
            here["nonzero"][chance.choice([*here["nonzero"]])] = chance.choice([0, -1, 2, 3, 64, 65, True])
        case _:
            _become(here, {"cofactors": {}})


def _become(node: Node, other: Any) -> None:
    if isinstance(other, dict):
        node.clear()
        node.update(other)
