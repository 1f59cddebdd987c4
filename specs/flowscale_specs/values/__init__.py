"""Value types with short forms that parse, print back and tell JSON Schema."""

from flowscale_specs.values.base import ShortForm, as_written
from flowscale_specs.values.money import Allowance, Money, Price, StoragePrice, TransferPrice
from flowscale_specs.values.quantities import Duration, Memory
from flowscale_specs.values.shares import Percent, Rate
from flowscale_specs.values.times import Cron, TimeZone
from flowscale_specs.values.versions import Sha256, Version, VersionRange

__all__ = [
    "Allowance",
    "Cron",
    "Duration",
    "Memory",
    "Money",
    "Percent",
    "Price",
    "Rate",
    "Sha256",
    "ShortForm",
    "StoragePrice",
    "TimeZone",
    "TransferPrice",
    "Version",
    "VersionRange",
    "as_written",
]
