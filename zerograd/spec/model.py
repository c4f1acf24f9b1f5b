"""The form of a problem file. What it means is the business of `zerograd.core.question.problem.Problem`.

The models say which keys there are and what may stand under each; the JSON Schema for editors
is made from them (`zerograd.spec.schema`), and so are the messages about form (`faults`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from typing_extensions import TypeAliasType

from zerograd.core.model.activations import ACTIVATION_NAMES, FAMILIES, activation_hint
from zerograd.core.model.kinks import CHOICES, CONVENTIONS, DEFAULT, LAYER_PATTERN, LOSS
from zerograd.core.model.libraries import LIBRARY_PATTERN
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.targets import TARGETS, Targets
from zerograd.core.question.loss_formulas import OfMean, PerSample
from zerograd.core.question.loss_reading import FACTOR, FORMULAS
from zerograd.core.question.vocabulary import (
    DOMAINS,
    EXPECTATIONS,
    MAX_SAMPLES,
    MINIMA,
    PREFERENCES,
    Domain,
    Expect,
    Minimum,
    Prefer,
)
from zerograd.spec import wording
from zerograd.spec.files.beside import MAX_FILES
from zerograd.spec.plain import MAX_CONDITIONS

# Members of unions, told apart by their kind; these parts of pydantic's paths are not in the file.
_FAMILY_TAGS = {name: f"<{name}>" for name in FAMILIES}
TAGS = frozenset({"<widths>", "<layers>", "<count>", "<range>", "<name>", "<number>", "<list>"}) | {
    *_FAMILY_TAGS.values()
}

_NUMBER_TEXT = r"^\s*[+-]?([0-9]+\s*/\s*[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)\s*$"
_NAME_TEXT = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*(\[[0-9,\s]+\])?\s*$"


_POSITIVE = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": _NUMBER_TEXT}]
}


def _object(value: dict[str, Any], loss: Loss) -> dict[str, Any]:
    """The numbers of a loss by name."""
    keys = [key for key in (loss.parameter_name, FACTOR) if key is not None]
    return {"type": "object", "properties": dict.fromkeys(keys, value), "additionalProperties": False}


def _one_or_many(item: dict[str, Any], **limits: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item, **limits}]})


def _optional(description: str, **more: Any) -> Any:
    """A key that may be left out. None is never looked at; the schema does not show it."""
    return Field(default=None, description=description, **more)


Text = Annotated[str, BeforeValidator(wording.text)]
Width = Annotated[int, Field(ge=1), BeforeValidator(wording.whole)]
Flag = Annotated[bool, BeforeValidator(wording.flag)]
Number = TypeAliasType(
    "Number",
    Annotated[
        Any,
        PlainValidator(wording.number),
        WithJsonSchema(
            {
                "description": "An exact number: 3, 0.1 (which is 1/10), or text such as -2/3.",
                "anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMBER_TEXT}],
            }
        ),
    ],
)
NumberOrFree = TypeAliasType(
    "NumberOrFree",
    Annotated[
        Any,
        PlainValidator(wording.number_or_free),
        WithJsonSchema(
            {
                "description": "An exact number, or null where it is free.",
                "anyOf": [{"type": ["number", "null"]}, {"type": "string", "pattern": _NUMBER_TEXT}],
            }
        ),
    ],
)
if TYPE_CHECKING:
    Values = Any  # mypy knows no recursive alias of this kind
else:
    Values = TypeAliasType(
        "Values",
        Annotated[
            Annotated[NumberOrFree, Tag("<number>")] | Annotated[list["Values"], Tag("<list>")],
            Discriminator(wording.kind("<list>", "<number>", "<number>")),
        ],
    )
Bound = Annotated[list[NumberOrFree], Field(min_length=2, max_length=2), BeforeValidator(wording.pair)]
Names = Annotated[
    list[Annotated[Any, PlainValidator(wording.name)]],
    wording.listed("names such as [w1, b1]"),
    _one_or_many({"type": "string", "pattern": _NAME_TEXT}),
]
Conditions = Annotated[
    list[Annotated[Any, PlainValidator(wording.condition)]],
    wording.listed("conditions", MAX_CONDITIONS),
    _one_or_many({"type": "string"}, maxItems=MAX_CONDITIONS),
]
Texts = Annotated[list[Text], wording.listed("texts"), _one_or_many({"type": "string"})]


class _WithFiles:
    """Shows in the schema what `zerograd.spec.files` reads before these models see the rest."""

    def __get_pydantic_json_schema__(self, source: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        file = {"type": "string", "pattern": r"\.(safetensors|npz)$"}
        files = {
            "description": "A .safetensors or .npz file beside this one, or in a folder there; or several.",
            "anyOf": [file, {"type": "array", "items": file, "minItems": 1, "maxItems": MAX_FILES}],
        }
        return {**handler(source), "properties": {"from": files}}


_WITH_FILES = _WithFiles()


class _Form(BaseModel):
    """What all parts of a file have in common: no key that is not documented, no conversion."""

    model_config = ConfigDict(strict=True, extra="forbid")


class LeakyRelu(_Form):
    """A leaky ReLU with its slope below 0."""

    leaky_relu: Number = Field(description=FAMILIES["leaky_relu"].description)


class Elu(_Form):
    """An ELU with its alpha."""

    elu: Annotated[Number, wording.parameter("elu")] = Field(description=FAMILIES["elu"].description)


class Celu(_Form):
    """A CELU with its alpha."""

    celu: Annotated[Number, wording.parameter("celu")] = Field(description=FAMILIES["celu"].description)


if TYPE_CHECKING:
    ActivationName = str
else:  # mypy knows no Literal of names that are computed
    ActivationName = Annotated[
        Literal[ACTIVATION_NAMES], wording.choice(*ACTIVATION_NAMES, hint=activation_hint)
    ]


_LOSS = {
    "anyOf": [
        {"enum": list(LOSSES)},
        *(
            {
                "type": "object",
                "properties": {name: {"anyOf": [_POSITIVE, _object(_POSITIVE, loss)]}},
                "required": [name],
                "additionalProperties": False,
            }
            for name, loss in LOSSES.items()
        ),
        *(
            {
                "type": "object",
                "properties": {name: {"type": "string"}},
                "required": [name],
                "additionalProperties": False,
            }
            for name in FORMULAS
        ),
    ]
}
LossForm = Annotated[Any, PlainValidator(wording.loss), WithJsonSchema(_LOSS)]


class Layer(_Form):
    """One layer: a = φ(w·a_below + b)."""

    units: Width = Field(description="How many units the layer has.")
    activation: Annotated[
        Annotated[ActivationName, Tag("<name>")]
        | Annotated[LeakyRelu, Tag("<leaky_relu>")]
        | Annotated[Elu, Tag("<elu>")]
        | Annotated[Celu, Tag("<celu>")],
        Discriminator(wording.by_key(_FAMILY_TAGS, "<name>")),
    ] = _optional(
        "The activation; without it relu, and linear for the last layer. "
        "leaky_relu alone has slope 1/100, elu and celu have alpha 1, as in PyTorch; "
        "{leaky_relu: 1/10} or {elu: 2} names it.",
    )
    bias: Flag = Field(default=True, description="Whether the layer has a bias.")


class NetworkForm(_Form):
    """The long form: layer by layer."""

    inputs: Width = Field(description="How many inputs the network has.")
    layers: Annotated[
        list[Layer], Field(min_length=1), wording.at_least(1, "a list of at least one layer")
    ] = Field(description="From the first hidden layer to the output.")


Widths = Annotated[
    list[Width],
    Field(min_length=2),
    wording.at_least(2, "at least an input and an output width, such as [1, 1, 1]"),
]


class SampleRange(_Form):
    """Asks for the least number of samples in a range."""

    least: Width = Field(alias="from", le=MAX_SAMPLES, description="The fewest samples to try.")
    most: Width = Field(alias="to", le=MAX_SAMPLES, description="The most samples to try.")


Convention = Annotated[
    Any,
    PlainValidator(wording.kink),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*CONVENTIONS, *CHOICES]},
                {"type": "string", "pattern": LIBRARY_PATTERN},
                {
                    "type": "object",
                    "propertyNames": {
                        "anyOf": [
                            {"enum": [*ACTIVATION_NAMES, LOSS, DEFAULT]},
                            {"pattern": LAYER_PATTERN},
                        ]
                    },
                    "additionalProperties": {
                        "anyOf": [
                            {"enum": [name for name in CONVENTIONS if name != "forbid"]},
                            {"type": "string", "pattern": LIBRARY_PATTERN},
                            {"type": "number"},
                            {"type": "string", "pattern": _NUMBER_TEXT},
                        ]
                    },
                },
            ]
        }
    ),
]


Count = Annotated[
    Any,
    PlainValidator(wording.count),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_SAMPLES}, {"enum": ["fewest", "any"]}]}
    ),
]


class ProblemFile(_Form):
    """Is there a network of this shape, and a dataset of this size, with these gradients?"""

    model_config = ConfigDict(title="zerograd problem")

    version: Annotated[Literal[1], wording.choice(1)] = Field(
        default=1, description="The version of this format."
    )
    title: Text = _optional("A name for people; plays no part in the answer.")
    notes: Text = _optional("Notes for people; play no part in the answer.")
    references: Texts = _optional("Where the question comes from: papers, links.")
    network: Annotated[
        Annotated[Widths, Tag("<widths>")] | Annotated[NetworkForm, Tag("<layers>")],
        Discriminator(wording.kind("<widths>", "<layers>", "<widths>")),
    ] = Field(
        description="Widths such as [1, 1, 1], with ReLU hidden layers and a linear output; "
        "or inputs and layers.",
        examples=[[1, 1, 1], {"inputs": 2, "layers": [{"units": 3, "bias": False}, {"units": 1}]}],
    )
    samples: Annotated[
        Annotated[Count, Tag("<count>")] | Annotated[SampleRange, Tag("<range>")],
        Discriminator(wording.kind("<count>", "<range>", "<count>")),
    ] = Field(
        description="The number M of samples; {from: 2, to: 6} or fewest asks for the least M; "
        "any asks over all M.",
        examples=[3, "fewest", "any", {"from": 2, "to": 6}],
    )
    loss: LossForm = Field(
        default=next(iter(LOSSES)),
        description=" ".join(loss.description for loss in (*LOSSES.values(), PerSample(), OfMean()))
        + " {sse: 1/2} and {huber: {delta: 2, factor: 1/2}} have a constant factor.",
        examples=["mse", {"sse": "1/2"}, {"huber": "1/2"}, {"per_sample": "(y_hat - y)**4"}],
    )
    targets: Annotated[Targets, wording.choice(*TARGETS)] = Field(
        default="real",
        description="What y may be: any number that the loss can take; binary: 0 or 1; sign: -1 or 1; class: "
        "a class for each sample, counted from 0.",
    )
    zero: Names = _optional(
        "Parameters, x, or single entries such as w1[0,1]: every entry of ∂L/∂ them is zero.",
    )
    nonzero: Names = _optional("Every entry of ∂L/∂ these is nonzero.")
    some_nonzero: Names = _optional("At least one entry of ∂L/∂ each is nonzero.")
    any_nonzero: Names = _optional("At least one entry of ∂L/∂ any of these is nonzero.")
    positive: Names = _optional("Every entry of ∂L/∂ these is above 0.")
    negative: Names = _optional("Every entry of ∂L/∂ these is below 0.")
    where: Conditions = _optional(
        "Conditions on parameters, x, y, y_hat, r (= y_hat - y), z1…, a1…, loss, grad(name).",
        examples=[["x[0] < x[1]", "abs(w1) <= 5", "distinct(x)"]],
    )
    given: Annotated[dict[str, Values], _WITH_FILES] = _optional(
        "Fixed values of parameters, x or y: nested lists (null where free), or single entries; "
        "from: files beside this one that have them.",
        examples=[{"w1": [[1], [None]], "x[2]": "1/3"}, {"from": "weights.safetensors", "y": [[0], [1]]}],
    )
    bounds: dict[str, Bound] = _optional(
        "Lowest and highest value of parameters, x or y; null where open.",
        examples=[{"x": [-5, 5], "w1[0,0]": [0, None]}],
    )
    domain: Annotated[Domain, wording.choice(*DOMAINS)] = Field(
        default="real", description="Whether parameters, inputs and targets are integers."
    )
    derivative_at_kink: Convention = Field(
        default="torch",
        description="The derivative where a function has none: what PyTorch returns (so ReLU'(0) = 0), the "
        "one from the left or the right, half of both; forbid, that no sample sits on a kink; what another "
        "library returns; or one of these or a number for each activation, layer (z1, z2, …) and the loss. "
        "any, all: for each unit and sample any number between both slopes may be taken; some choice "
        "answers, or every choice does.",
        examples=[
            "right",
            "jax",
            "torch>=2.14",
            {"relu": "right", "hardtanh": "1/2", "z2": "left", "loss": 0, "default": "torch"},
        ],
    )
    minimum: Annotated[Minimum, wording.choice(*MINIMA)] = _optional(
        "local: the parameters have to be a local minimum of the loss, the data being fixed. "
        "global: no parameters whatever, given ones included, have a lower loss on the same data."
    )
    spurious: Flag = Field(
        default=False,
        description="Whether other parameters have to have a lower loss on the same data: a local minimum "
        "that is not global. It implies minimum: local.",
    )
    expect: Annotated[Expect, wording.choice(*EXPECTATIONS)] = _optional(
        "The answer that is expected; plays no part in finding it."
    )
    prefer: Annotated[Prefer, wording.choice(*PREFERENCES)] = _optional(
        "small (the default): the witness with the smallest numbers that a fixed number of steps finds; "
        "any: the first one; generic: a small one in which no weight or bias is 0, no two units of a layer "
        "are proportional, no two samples have the same inputs, and no sample is on a kink, if one is found."
    )
