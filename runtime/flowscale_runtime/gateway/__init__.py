"""The gateway: the REST API of deployed workflows."""
