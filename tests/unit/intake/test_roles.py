"""Roles of channels by request, recorder, file, source and default."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from cli.ingest import options
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.request import IngestRequest
from earshot.analysis.roles import (
    ChannelRoles,
    Recorder,
    SourceRecorder,
    recorders,
    roles_by,
    roles_of,
)
from earshot.settings import PROJECT, Settings

LEFT = ("agent", "customer")
RIGHT = ("customer", "agent")
BY_CALL = {
    "freeswitch": (RIGHT, LEFT),
    "freeswitch-swap": (LEFT, RIGHT),
    "telnyx": (RIGHT, LEFT),
    "twilio": (RIGHT, LEFT),
    "vonage": (RIGHT, LEFT),
}
ALWAYS = {
    "amazon-connect": RIGHT,
    "azure-voice-agent": RIGHT,
    "sarvam": RIGHT,
    "twilio-flex": RIGHT,
    "vicidial": LEFT,
}
MEMBER = r"\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|"


def request(**fields: Any) -> IngestRequest:
    return IngestRequest.model_validate({"uri": "file:///data/7.wav", **fields})


def test_every_recorder_is_tested() -> None:
    assert set(recorders()) == {*BY_CALL, *ALWAYS}


@pytest.mark.parametrize("name", ALWAYS)
@pytest.mark.parametrize("direction", [None, "inbound", "outbound"])
def test_a_recorder_with_fixed_sides_has_them_in_every_call(name: str, direction: Any) -> None:
    stated = request(recorder=name, direction=direction).stated_roles
    assert stated == (ALWAYS[name], "recorder")


@pytest.mark.parametrize("name", BY_CALL)
def test_the_direction_decides_where_the_legs_have_an_order(name: str) -> None:
    found = tuple(roles_by(name, direction) for direction in ("inbound", "outbound"))
    assert found == BY_CALL[name]
    with pytest.raises(ValidationError, match="name a direction: inbound, outbound"):
        request(recorder=name)


@pytest.mark.parametrize(
    "roles",
    [{}, {"inbound": LEFT}, {"roles": LEFT, "inbound": LEFT, "outbound": LEFT}],
)
def test_an_entry_has_either_roles_or_those_of_both_directions(roles: Any) -> None:
    with pytest.raises(ValidationError, match="either roles"):
        Recorder(channels="", source="", **roles)


def test_an_unknown_recorder_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValidationError, match=r"no recorder named asterisk; .*amazon-connect, "):
        request(recorder="asterisk")


@pytest.mark.parametrize("other", [{"recorder": "vicidial"}, {"direction": "inbound"}])
@pytest.mark.parametrize("roles", [LEFT, ()])
def test_roles_are_stated_once(other: dict[str, str], roles: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="either roles, or a recorder"):
        request(roles=roles, **other)


@pytest.mark.parametrize(
    ("recorder", "direction", "reason"),
    [
        ("asterisk", None, "there are amazon-connect"),
        ("twilio", None, "name a direction: inbound, outbound"),
    ],
)
def test_the_command_refuses_what_a_message_would(
    recorder: str, direction: Any, reason: str
) -> None:
    rest: Any = (None, "full", None, None, False, False)
    with pytest.raises(Misconfigured, match=reason):
        options(None, *rest, recorder=recorder, direction=direction)
    with pytest.raises(Misconfigured, match="either --roles, or --recorder"):
        options("agent,customer", *rest, recorder="vicidial")
    assert options(None, *rest, recorder="vicidial").recorder == "vicidial"


def test_request_file_source_and_default_apply_in_that_order() -> None:
    asked = request(recorder="vicidial").stated_roles
    source = SourceRecorder(recorder="amazon-connect")
    assert roles_of(asked, 2, ("b", "a"), source) == (LEFT, "recorder")
    assert roles_of(ChannelRoles(("a", "b"), "request"), 2, ("b", "a"), source) == (
        ("a", "b"),
        "request",
    )
    assert roles_of(None, 2, ("b", "a"), source, ("c", "d")) == (("b", "a"), "file")
    assert roles_of(None, 2, (), source, ("c", "d")) == (("c", "d"), "remembered")
    assert roles_of(None, 2, (), source) == (RIGHT, "recorder")
    assert roles_of(None, 2) == (LEFT, "default")


def test_no_roles_have_no_source() -> None:
    assert roles_of(ChannelRoles((), "request"), 2, LEFT) == ((), None)
    assert roles_of(None, 1, (), SourceRecorder(recorder="vicidial")) == ((), None)


def test_a_recorder_that_a_request_names_has_two_channels() -> None:
    with pytest.raises(Permanent, match="2 roles for 1 channels; leave the recorder out"):
        roles_of(request(recorder="vicidial").stated_roles, 1)


def test_the_direction_may_come_with_the_request_or_the_source() -> None:
    assert roles_of(None, 2, (), SourceRecorder(recorder="twilio", direction="inbound")) == (
        RIGHT,
        "recorder",
    )
    with pytest.raises(Permanent, match=r"name a direction: .* EARSHOT_RECORDERS") as refused:
        roles_of(None, 2, (), SourceRecorder(recorder="twilio"))
    assert refused.value.code == "direction"


def test_the_longest_url_goes_before_the_tenant_and_that_before_all_others() -> None:
    config = Settings(
        recorders={
            "s3://calls": "amazon-connect",
            "s3://calls/vicidial/": "vicidial",
            "acme": {"recorder": "twilio", "direction": "inbound"},
            "*": "sarvam",
        }  # type: ignore[arg-type]
    )

    def name(uri: str, tenant: str = "acme") -> str | None:
        found = config.recorder_of(uri, tenant)
        return found and found.recorder

    assert name("s3://calls/vicidial/1.wav") == "vicidial"
    assert name("s3://calls/vicidial2/1.wav") == "amazon-connect"
    assert name("s3://calls2/1.wav") == "twilio"
    assert name("s3://calls2/1.wav", "other") == "sarvam"
    assert Settings().recorder_of("s3://calls/1.wav", "acme") is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"acme": "asterisk"}, "no recorder named asterisk; there are amazon-connect"),
        ({"acme": {"recorder": "twilio", "direction": "up"}}, "'inbound' or 'outbound'"),
        ({"Not A Tenant": "vicidial"}, "should match pattern"),
        ({"s3://a": "vicidial", "s3://a/": "vicidial"}, "named twice"),
    ],
)
def test_the_setting_is_judged_at_the_start(value: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Settings(recorders=value)


def test_the_table_of_the_documentation_is_that_of_the_data() -> None:
    text = (PROJECT / "docs" / "roles.md").read_text(encoding="utf-8")
    described = {name: tuple(rest) for name, *rest in re.findall(MEMBER, text)}

    def sides(recorder: Recorder) -> tuple[str, str]:
        inbound, outbound = recorder.inbound, recorder.outbound
        return ", ".join(recorder.roles or inbound or ()), ", ".join(
            recorder.roles or outbound or ()
        )

    assert described == {
        name: (recorder.channels, *sides(recorder), recorder.source)
        for name, recorder in recorders().items()
    }
