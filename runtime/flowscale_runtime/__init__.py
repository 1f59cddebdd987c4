"""The runtime: gateway, worker, engines, stores, nodes and the graph executor."""
