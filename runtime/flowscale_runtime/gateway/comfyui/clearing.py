"""Which runs were taken out of the history: their rows stay, for money and audit."""

from pathlib import Path

import orjson

MOST = 10_000


class Cleared:
    """Kept in a file: the number up to which all are gone, and single ids."""

    def __init__(self, path: Path) -> None:
        self._path = path
        known = orjson.loads(path.read_bytes()) if path.is_file() else {}
        self.before: int = known.get("before", 0)
        self._ids: dict[str, None] = dict.fromkeys(known.get("ids", ()))

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def clear(self, number: int) -> None:
        """Everything up to this number goes."""
        self.before = max(self.before, number)
        self._ids.clear()
        self._keep()

    def delete(self, run_ids: list[str]) -> None:
        """These go."""
        self._ids.update(dict.fromkeys(run_ids))
        while len(self._ids) > MOST:
            del self._ids[next(iter(self._ids))]
        self._keep()

    def _keep(self) -> None:
        aside = self._path.with_suffix(".new")
        aside.write_bytes(orjson.dumps({"before": self.before, "ids": list(self._ids)}))
        aside.rename(self._path)
