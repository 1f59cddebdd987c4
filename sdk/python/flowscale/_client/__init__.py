"""The rim of the client: what performs programs (`drivers.py`) and what users call (`clients.py`)."""
