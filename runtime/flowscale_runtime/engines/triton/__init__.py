"""NVIDIA Triton as the engine: one server a worker, whose Python backend runs node hosts and networks beside each other."""
