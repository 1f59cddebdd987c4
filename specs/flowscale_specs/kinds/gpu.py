"""`GpuType`: a kind of machine that computes, and its price."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from flowscale_specs.kinds.base import Document, Part
from flowscale_specs.kinds.fields import TEXT, WHOLE, Text, Word
from flowscale_specs.values import Memory, Price


class Toleration(Part):
    """A taint of nodes that pods accept."""

    key: Word = Field(description="The taint's key.")
    operator: Literal["Exists", "Equal"] = Field("Exists", description="How `value` is compared.")
    value: Text | None = Field(None, description="The taint's value, for `Equal`.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="The taint's effect; any unless said."
    )


class GpuTypeSpec(Part):
    """A kind of machine that computes, and its price. Of a built-in type only what differs needs to be said."""

    memory: Memory = Field(Memory(0), description="GPU memory of one device, before it is divided.")
    price: Price = Field(Price(0), description="What one instance costs an hour.")
    resource: Word = Field(
        "nvidia.com/gpu", description="The resource that pods ask Kubernetes for; a MIG profile has its own."
    )
    count: Annotated[int, Field(ge=1, le=16), WHOLE] = Field(1, description="Devices of one instance.")
    node_selector: dict[Text, Text] = Field(
        default_factory=dict, description="Labels of the nodes that have it."
    )
    tolerations: tuple[Toleration, ...] = Field((), description="Taints of those nodes that pods accept.")
    mig: Annotated[str, StringConstraints(pattern=r"^[1-7]g\.[0-9]+gb$"), TEXT] | None = Field(
        None, description="The MIG profile that a device is divided into, such as `1g.10gb`."
    )
    time_slicing: Annotated[int, Field(ge=1, le=64), WHOLE] = Field(
        1, description="Instances that share one device by time-slicing."
    )

    @property
    def instance_memory(self) -> int:
        """Bytes of GPU memory that one instance has, after its device is divided."""
        if self.mig is not None:
            return int(self.mig.partition(".")[2].removesuffix("gb")) * 2**30
        return self.memory * self.count // self.time_slicing

    @property
    def instance_resource(self) -> str | None:
        """The resource that one instance asks Kubernetes for; None where there is no GPU."""
        if not self.memory:
            return None
        return f"nvidia.com/mig-{self.mig}" if self.mig else self.resource

    @model_validator(mode="after")
    def _one_way_to_divide(self) -> Self:
        if self.mig is not None and self.time_slicing > 1:
            raise ValueError("mig and timeSlicing divide the same device: give one of them")
        if self.mig is not None and self.count > 1:
            raise ValueError("an instance on a MIG profile has one device: leave out count")
        return self


class GpuType(Document):
    """A kind of machine that computes, and its price. CPU, T4, L4, A100-40, A100-80 and H100 are built in."""

    executes: ClassVar[bool] = True
    kind: Literal["GpuType"] = Field("GpuType", description="`GpuType`.")
    spec: GpuTypeSpec = Field(default_factory=GpuTypeSpec, description="The type.")


_TAINT = [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]

BUILT_IN: dict[str, dict[str, object]] = {
    "CPU": {"memory": 0, "price": "$0"},
    "T4": {"memory": "16Gi", "price": "$0.30/h", "tolerations": _TAINT},
    "L4": {"memory": "24Gi", "price": "$0.50/h", "tolerations": _TAINT},
    "A100-40": {"memory": "40Gi", "price": "$2.00/h", "tolerations": _TAINT},
    "A100-80": {"memory": "80Gi", "price": "$2.00/h", "tolerations": _TAINT},
    "H100": {"memory": "80Gi", "price": "$4.00/h", "tolerations": _TAINT},
}
"""The types that need no document, as specs; a document of the same name is merged over them."""
