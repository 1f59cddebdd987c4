"""The processes of an installation of several machines, each put together in one module of its own."""
