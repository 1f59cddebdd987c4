"""Files by name, what was taken out of a history, and nodes that workers tell: the same on every database."""

from flowscale_runtime.stores import clearing, files, forgetting, holdings, nodes
from flowscale_runtime.stores.files import Brought
from flowscale_runtime.stores.forgetting import Terms
from flowscale_runtime.stores.values import SECOND

NOW = 1_700_000_000_000_000
WEEK = 7 * 24 * 3600 * SECOND
ONE, OTHER = "a" * 64, "b" * 64


def brought(object_=ONE, path="deep/photo.png", project="studio"):
    return Brought(project, "input", path, object_, 5, "k")


async def keep(database, file, *, overwrite=False, now=NOW):
    return await database.write(files.keep, file, now, overwrite=overwrite)


async def found(database, path, project="studio"):
    return await database.read(files.find, project, "input", path)


async def test_another_file_of_a_name_gets_a_number_and_the_same_one_none(database):
    assert await keep(database, brought()) == "deep/photo.png"
    assert await keep(database, brought(OTHER)) == "deep/photo (1).png"
    assert await keep(database, brought(OTHER)) == "deep/photo (1).png"
    assert await keep(database, brought()) == "deep/photo.png"
    assert await found(database, "deep/photo (1).png") == OTHER


async def test_a_file_may_be_replaced(database):
    await keep(database, brought())
    assert await keep(database, brought(OTHER), overwrite=True, now=NOW + 1) == "deep/photo.png"
    assert await found(database, "deep/photo.png") == OTHER
    assert await database.read(files.names, "studio", "input") == ["deep/photo.png"]


async def test_names_are_each_projects_own(database):
    await keep(database, brought())
    assert await found(database, "deep/photo.png", "rival") is None
    assert await keep(database, brought(OTHER, project="rival")) == "deep/photo.png"
    assert await database.read(files.named, "studio", "input", ["deep/photo.png", "x"]) == {
        "deep/photo.png": ONE
    }


async def test_a_file_is_held_as_an_upload_and_forgotten_with_it(database):
    await keep(database, brought())
    assert await database.read(holdings.held, "studio", ONE)
    terms = Terms(WEEK, WEEK, WEEK, WEEK, WEEK)
    await database.write(forgetting.expire, "studio", terms, NOW + WEEK - 1)
    assert await found(database, "deep/photo.png") == ONE
    await database.write(forgetting.expire, "studio", terms, NOW + WEEK)
    assert await found(database, "deep/photo.png") is None
    assert not await database.read(holdings.held, "studio", ONE)


class Row:
    def __init__(self, id_, number, completed_at=1):
        self.id, self.number, self.completed_at = id_, number, completed_at


async def test_a_cleared_history_hides_what_had_ended_until_then(database):
    await database.write(clearing.delete, "studio", ["x"])
    await database.write(clearing.clear, "studio", 7)
    await database.write(clearing.clear, "studio", 5)
    await database.write(clearing.delete, "studio", ["y", "y"])
    cleared = await database.read(clearing.known, "studio")
    assert cleared == clearing.Cleared(7, frozenset({"y"}))
    hidden = [cleared.hides(row) for row in (Row("a", 7), Row("b", 8), Row("c", 7, None), Row("y", 9))]
    assert hidden == [True, False, False, True]
    assert await database.read(clearing.known, "rival") == clearing.Cleared()


async def test_a_worker_that_told_its_nodes_a_while_ago_is_not_there_any_more(database):
    assert await database.read(nodes.told, "comfyui", NOW) is None
    await database.write(nodes.tell, "comfyui", ONE, NOW)
    assert await database.read(nodes.told, "comfyui", NOW + SECOND) == nodes.Told(ONE, fresh=True)
    assert await database.read(nodes.told, "comfyui", NOW + 31 * SECOND) == nodes.Told(ONE, fresh=False)
