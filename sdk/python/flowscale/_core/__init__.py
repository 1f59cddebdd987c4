"""The thinking of the client, without I/O: what to send, what an answer means, when to try again.

Nothing here opens a connection, reads a clock or sleeps. A *program* is a generator that yields effects
(`effects.py`) and is resumed with their results; `flowscale._client.drivers` performs them, blocking or in an
event loop.
"""
