"""The smaller faces of the clients: files, workflows, keys, deployments."""

from flowscale._client.drivers import AsyncDriver, Driver
from flowscale._client.methods import awaitable, blocking
from flowscale._core.services import DeploymentOperations, KeyOperations, WorkflowOperations
from flowscale._core.uploads import FileOperations


class Workflows:
    """`client.workflows`"""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._operations = driver, WorkflowOperations(driver.core)

    list = blocking(WorkflowOperations.list)


class AsyncWorkflows:
    """`client.workflows` of the asynchronous client"""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver, self._operations = driver, WorkflowOperations(driver.core)

    list = awaitable(WorkflowOperations.list)


class Files:
    """`client.files`"""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._operations = driver, FileOperations(driver.core)

    upload = blocking(FileOperations.upload)


class AsyncFiles:
    """`client.files` of the asynchronous client"""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver, self._operations = driver, FileOperations(driver.core)

    upload = awaitable(FileOperations.upload)


class Keys:
    """`client.keys`"""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._operations = driver, KeyOperations(driver.core)

    list = blocking(KeyOperations.list)
    create = blocking(KeyOperations.create)
    rotate = blocking(KeyOperations.rotate)
    revoke = blocking(KeyOperations.revoke)


class AsyncKeys:
    """`client.keys` of the asynchronous client"""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver, self._operations = driver, KeyOperations(driver.core)

    list = awaitable(KeyOperations.list)
    create = awaitable(KeyOperations.create)
    rotate = awaitable(KeyOperations.rotate)
    revoke = awaitable(KeyOperations.revoke)


class Deployments:
    """`client.deployments`"""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._operations = driver, DeploymentOperations(driver.core)

    list = blocking(DeploymentOperations.list)
    get = blocking(DeploymentOperations.get)


class AsyncDeployments:
    """`client.deployments` of the asynchronous client"""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver, self._operations = driver, DeploymentOperations(driver.core)

    list = awaitable(DeploymentOperations.list)
    get = awaitable(DeploymentOperations.get)
