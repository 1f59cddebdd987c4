"""Every route of the API, in the order in which the document shows them."""

from flowscale_runtime.gateway.openapi.control_routes import CONTROL
from flowscale_runtime.gateway.openapi.operation import Operation
from flowscale_runtime.gateway.openapi.run_routes import RUNS
from flowscale_runtime.gateway.openapi.server_routes import FILES, SERVER

OPERATIONS: tuple[Operation, ...] = (*RUNS, *FILES, *SERVER, *CONTROL)
