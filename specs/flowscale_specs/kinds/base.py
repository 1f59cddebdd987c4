"""What every kind is made of: strict parts, metadata, and the envelope around a spec."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from flowscale_specs.kinds.fields import Name, SecretName, Text

API_VERSION = "flowscale.ai/v1"
"""The version that documents without `apiVersion` have."""


class Part(BaseModel):
    """A mapping in a spec: frozen, strict on unknown keys, keys in camelCase; a null is an absent key."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, allow_inf_nan=False, defer_build=True
    )

    short_forms: ClassVar[tuple[dict[str, Any], ...]] = ()
    """JSON Schemas of what `expand` takes instead of a mapping."""

    @classmethod
    def expand(cls, short: Any) -> Any:
        """The mapping that a short form stands for; what has no short form comes back as it is."""
        return short

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        value = written if isinstance(written, dict) else cls.expand(written)
        if isinstance(value, dict) and None in value.values():
            return {key: item for key, item in value.items() if item is not None}
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        if cls.short_forms:
            whole = handler.resolve_ref_schema(described)
            mapping = {
                key: whole.pop(key)
                for key in ("type", "properties", "required", "additionalProperties")
                if key in whole
            }
            whole["anyOf"] = [mapping, *cls.short_forms]
        return described


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model; types that were named before they were there are found now."""
    model.model_rebuild()
    return model.model_fields


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a field that holds the name of a document of a kind, so that one check serves all references."""

    kind: str


class SecretRef(Part):
    """A secret by reference: the value itself never stands in a spec."""

    secret: SecretName = Field(description="Which secret, and which key of it: `name/key`.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        raise ValueError("a secret's value doesn't belong in a spec: write {secret: name/key}")


class Metadata(Part):
    """What identifies a document."""

    name: Name | None = Field(
        None,
        description="The document's name, unique among its kind. A Workflow takes the name of its file or folder, a "
        "WorkflowDeployment that of its workflow, a Project `default`; the other kinds need one.",
    )
    labels: dict[Text, Text] = Field(default_factory=dict, description="Short facts to select documents by.")
    annotations: dict[Text, Text] = Field(
        default_factory=dict, description="Facts for tools; never interpreted."
    )


class Document(Part):
    """The envelope of every document."""

    executes: ClassVar[bool] = False
    """Whether the platform acts on this kind today; otherwise it is declared, checked and documented."""

    api_version: Literal["flowscale.ai/v1"] = Field(
        "flowscale.ai/v1", description="The version of this format."
    )
    kind: str = Field(description="What this document declares.")
    metadata: Metadata = Field(default_factory=Metadata, description="What identifies the document.")

    @property
    def name(self) -> str:
        """The name, "" where the author left it to be found."""
        return self.metadata.name or ""
