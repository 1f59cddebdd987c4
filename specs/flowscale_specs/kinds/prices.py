"""What bytes cost beside computing: a part of `Project` and `Environment`."""

from pydantic import Field

from flowscale_specs.kinds.base import Part
from flowscale_specs.values import Memory, StoragePrice, TransferPrice


class Prices(Part):
    """What bytes cost, kept and sent. Budgets hold them with what runs cost."""

    storage: StoragePrice = Field(
        StoragePrice(100_000), description="What files of callers and of runs cost while they are kept."
    )
    egress: TransferPrice = Field(TransferPrice(120_000), description="What files cost that are downloaded.")
    free_egress: Memory = Field(
        Memory(100 * 10**9), description="What a project may send in a calendar month (UTC) at no cost."
    )
