"""A test case with a client: of a fake server, or of a real one where the environment names it."""

import os
import unittest

from flowscale._client.clients import FlowScaleClient
from flowscale.testing.clients import MockFlowScaleClient
from flowscale.testing.server import FakeServer


class FlowScaleTestCase(unittest.TestCase):
    """`self.client` is fresh for each test.

    FLOWSCALE_TEST_BASE_URL and FLOWSCALE_TEST_API_KEY lead to a real server. Without them it is `self.server`,
    a `FakeServer`, which a test may tell what to answer.
    """

    client: FlowScaleClient
    server: FakeServer | None

    def setUp(self) -> None:
        url = os.environ.get("FLOWSCALE_TEST_BASE_URL")
        self.server = None if url else FakeServer()
        self.client = (
            MockFlowScaleClient(self.server)
            if self.server
            else FlowScaleClient(os.environ.get("FLOWSCALE_TEST_API_KEY"), url)
        )
        self.addCleanup(self.client.close)
