"""A run in a model, through a real database."""

import json

import pytest

from flowscale import FlowScaleError, Run
from flowscale.testing import MockFlowScaleClient, png

django = pytest.importorskip("django")


@pytest.fixture(scope="module")
def models():
    """Two models over a database in memory; in the second, stored runs can fetch their outputs."""
    from django.conf import settings

    if not settings.configured:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        settings.configure(
            DATABASES={"default": database},
            INSTALLED_APPS=[],
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        )
        django.setup()
    from django.db import connection
    from django.db import models as fields

    from flowscale.integrations.django import FlowScaleField

    client = MockFlowScaleClient()

    class Image(fields.Model):
        result = FlowScaleField(null=True)

        class Meta:
            app_label = "stored"

    class Bound(fields.Model):
        result = FlowScaleField(client=lambda: client)

        class Meta:
            app_label = "bound"

    with connection.schema_editor() as editor:
        for model in (Image, Bound):
            editor.create_model(model)
    yield client, Image, Bound
    connection.close()


def test_a_run_comes_back_as_it_went(models):
    client, image, _ = models
    run = client.runs.execute(prompt="x")
    image.objects.create(result=run)
    stored = image.objects.get(result__status="completed").result
    assert isinstance(stored, Run)
    assert stored.to_dict() == run.to_dict()
    with pytest.raises(FlowScaleError, match="read from storage"):
        _ = stored.outputs[0].data


def test_nothing_is_stored_as_nothing(models):
    _, image, _ = models
    key = image.objects.create(result=None).pk
    assert image.objects.get(pk=key).result is None


def test_a_bound_field_fetches_bytes(models):
    client, _, bound = models
    key = bound.objects.create(result=client.runs.execute(prompt="x")).pk
    assert bound.objects.get(pk=key).result.outputs[0].data == png()


def test_a_migration_can_write_the_field_down(models):
    _, image, _ = models
    name, path, args, options = image._meta.get_field("result").deconstruct()
    assert (name, path, args, options) == (
        "result",
        "flowscale.integrations.django.FlowScaleField",
        [],
        {"null": True},
    )


def test_a_fixture_can_hold_a_run(models):
    from django.core import serializers

    client, image, _ = models
    run = client.runs.execute(prompt="x")
    text = serializers.serialize("json", [image(pk=99, result=run)])
    (row,) = json.loads(text)
    assert image._meta.get_field("result").to_python(row["fields"]["result"]) == run
