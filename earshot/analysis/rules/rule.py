"""A rule as it is stored, and read from a file."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator

from earshot.analysis.errors import Misconfigured
from earshot.analysis.rules.conditions import DEEPEST, MOST_CONDITIONS, Condition, walk
from earshot.analysis.types import Frozen

MOST_BYTES = 1 << 16
DEEPEST_YAML = 8 + 4 * DEEPEST
RuleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class NewRule(Frozen):
    """What a rule says, without its name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "description": "The customer cancels, and the agent does not apologise.",
                    "when": {
                        "all": [
                            {"words": ["cancel my contract", "résilier"], "role": "customer"},
                            {
                                "not": {
                                    "words": ["sorry"],
                                    "role": "agent",
                                    "within": {"last_part": 0.25},
                                }
                            },
                        ]
                    },
                }
            ]
        },
    )

    description: Annotated[str, StringConstraints(max_length=1_000)] = ""
    enabled: bool = Field(default=True, description="Whether it is evaluated for new reports.")
    when: Condition

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        found = list(walk(self.when))
        if len(found) > MOST_CONDITIONS:
            raise ValueError(f"has {len(found)} conditions; the maximum is {MOST_CONDITIONS}")
        if max(depth for _, depth in found) > DEEPEST:
            raise ValueError(f"conditions are nested deeper than {DEEPEST}")
        return self


class Rule(NewRule):
    """A category, and the condition under which a recording is of it."""

    name: RuleName

    def stored(self) -> dict[str, Any]:
        """Its JSON, without what is at its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def read(file: str, data: bytes) -> Rule:
    """The rule in a YAML or JSON file with this name and content.

    Raises:
        Misconfigured: ``rule``, it is no rule; every mistake with its place.
    """
    import yaml  # only where rules are read from files

    if len(data) > MOST_BYTES:
        raise Misconfigured("rule", f"{file} is longer than {MOST_BYTES} bytes")
    try:
        _judge(file, yaml.parse(data))
        content = yaml.safe_load(data)  # JSON is YAML
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured("rule", f"{file} is neither YAML nor JSON: {reason}") from error
    if isinstance(content, dict) and "name" not in content:
        content = {"name": PurePath(file).stem, **content}
    try:
        return Rule.model_validate(content)
    except ValidationError as error:
        raise Misconfigured("rule", f"{file}: {mistakes(error)}") from error


def _judge(file: str, events: Iterable[Any]) -> None:
    """Refuses what costs more than its length: aliases multiply what they name, and PyYAML's time
    grows with the square of the depth.

    Raises:
        Misconfigured: ``rule``.
    """
    depth = 0
    for each in events:
        kind = type(each).__name__
        depth += kind.endswith(("SequenceStartEvent", "MappingStartEvent"))
        depth -= kind.endswith(("SequenceEndEvent", "MappingEndEvent"))
        if kind == "AliasEvent":
            raise Misconfigured(
                "rule", f"{file} has a YAML alias (*name), which rules may not have"
            )
        if depth > DEEPEST_YAML:
            raise Misconfigured("rule", f"{file} is nested deeper than {DEEPEST_YAML}")


def mistakes(error: ValidationError) -> str:
    """Every mistake of a rule in one line, with its place."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'rule'}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_url=False)[:5]
    )
