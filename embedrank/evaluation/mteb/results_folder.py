"""Where results go: mteb's own layout, a folder of its own for each set of settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from mteb.abstasks.abstask import AbsTask
from mteb.cache import ResultCache
from mteb.models.model_meta import ModelMeta

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError


class ResultsFolder:
    """Results of all models that were run with one set of settings.

    Attributes:
        path: The folder: `results/MODEL/REVISION/` in mteb's submission format, `predictions/`, `settings.json`.
        cache: What mteb reads and writes them by.
    """

    def __init__(self, parent: Path, label: str, settings: Mapping[str, object]) -> None:
        """Make the folder; runs with other settings get another.

        Args:
            parent: Folder of all results.
            label: What the name begins with.
            settings: Everything beside model and data that decides a result; plain values.

        Raises:
            StorageError: If it cannot be written.
        """
        text = json.dumps(dict(settings), indent=2, ensure_ascii=False, sort_keys=True)
        self.path = parent / f"{label}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            replace_durably(self.path / "settings.json", text + "\n")
        except OSError as error:
            raise StorageError(self.path, f"cannot be written: {error.strerror or error}") from error
        self.cache = ResultCache(self.path)

    def results(self, meta: ModelMeta) -> Path:
        """Folder of a model's `model_meta.json` and a file for each task."""
        return self.path / "results" / meta.model_name_as_path() / str(meta.revision)

    def predictions(self, meta: ModelMeta) -> Path:
        """Folder of what a model answered, which a reranker reads."""
        return self.path / "predictions" / meta.model_name_as_path() / str(meta.revision)

    def has_predictions(self, meta: ModelMeta, task: AbsTask) -> bool:
        """Whether the answers of a task are there."""
        return (self.predictions(meta) / task.prediction_file_name).is_file()
