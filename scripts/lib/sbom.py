"""Writes the bill of materials of an image: its Python packages, as CycloneDX JSON on standard output.

usage: sbom.py IMAGE [NAME==VERSION...]     without packages: all that are installed beside this interpreter
"""

import sys
import uuid
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL


def bill(image: str, pins: Iterable[tuple[str, str]]) -> str:
    """The document for these names and versions: the same for the same, whenever it is made."""
    chosen = list(pins)
    document = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{image} {chosen}"))
    document.metadata.timestamp = None  # type: ignore[assignment]
    name = f"flowscale-{image}"
    document.metadata.component = Component(name=name, type=ComponentType.CONTAINER, bom_ref=name)
    for name, version in chosen:
        url = PackageURL("pypi", name=name.lower(), version=version)
        document.components.add(Component(name=name, version=version, purl=url, bom_ref=str(url)))
    document.register_dependency(document.metadata.component, document.components)
    return make_outputter(document, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)


def installed() -> list[tuple[str, str]]:
    return sorted({(each.name, each.version) for each in distributions()})


def main(arguments: Sequence[str]) -> int:
    image, *given = arguments
    pins = [(name, version) for name, _, version in (each.partition("==") for each in given)]
    sys.stdout.write(bill(image, pins or installed()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
