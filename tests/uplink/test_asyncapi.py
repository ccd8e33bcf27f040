"""The document and the code name the same words and the same fields."""

import dataclasses

import pytest

from kiosk.journey.steps import Device, Step
from kiosk.record.telemetry import (
    Event,
    Health,
    LinkTrouble,
    Occasion,
    PrinterHealth,
    StationState,
    Throughput,
    Trouble,
)
from kiosk.uplink.messages import (
    CentreLink,
    EventMessage,
    HealthMessage,
    InfoMessage,
    RollUp,
    RollUpMessage,
    StateMessage,
    ThroughputMessage,
    Today,
    topic,
)


@pytest.fixture(scope="module")
def schemas(schema):
    return schema.document["components"]["schemas"]


def test_it_is_asyncapi_3(schema):
    document = schema.document
    assert document["asyncapi"].startswith("3.")
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]
    for channel in document["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].removeprefix("#/components/messages/") in document["components"]["messages"]


def test_the_words_are_the_same(schemas):
    assert schemas["device"]["enum"] == [device.value for device in Device]
    assert schemas["step"]["enum"] == [step.value for step in Step]
    assert schemas["trouble"]["enum"] == [trouble.value for trouble in Trouble]
    assert schemas["state"]["properties"]["state"]["enum"] == [state.value for state in StationState]
    centre = schemas["healthReport"]["properties"]["centre"]["properties"]
    assert centre["trouble"]["enum"] == [*(trouble.value for trouble in LinkTrouble), None]
    event = schemas["eventReport"]["properties"]["event"]["properties"]
    assert event["occasion"]["enum"] == [occasion.value for occasion in Occasion]


def test_the_fields_are_the_same(schemas):
    pairs = [
        (schemas["state"], StateMessage),
        (schemas["info"], InfoMessage),
        (schemas["healthReport"], HealthMessage),
        (schemas["healthReport"]["properties"]["centre"], CentreLink),
        (schemas["health"], Health),
        (schemas["health"]["properties"]["printer"], PrinterHealth),
        (schemas["counters"], Throughput),
        (schemas["throughputReport"], ThroughputMessage),
        (schemas["throughputReport"]["properties"]["today"], Today),
        (schemas["rollupReport"], RollUpMessage),
        (schemas["rollupReport"]["properties"]["rollup"], RollUp),
        (schemas["eventReport"], EventMessage),
        (schemas["eventReport"]["properties"]["event"], Event),
    ]
    for schema, shape in pairs:
        fields = {field.name for field in dataclasses.fields(shape)}
        assert set(schema["properties"]) == set(schema["required"]) == fields, shape.__name__
        assert schema["additionalProperties"] is False


def test_no_free_text_can_go_out(schemas):
    """Every string is one of a set, or of a form that no name or sentence fits."""

    def strings(schema):
        if isinstance(schema, dict):
            kinds = schema.get("type")
            if kinds == "string" or (isinstance(kinds, list) and "string" in kinds):
                yield schema
            for value in schema.values():
                yield from strings(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from strings(value)

    found = list(strings(schemas))
    assert found
    assert all("pattern" in schema or "enum" in schema for schema in found)


def test_topics_are_the_documents(schema):
    for leaf in ("state", "info", "health", "throughput", "throughput/rollup", "event"):
        assert any(pattern.fullmatch(topic("ntt", "ktp-5371-01", leaf)) for pattern in schema.topics)
