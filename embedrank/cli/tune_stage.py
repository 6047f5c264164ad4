"""The stage of `embedrank tune`: a preset, fitted to the model, the number of rows, and what must not be lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.training.data.holding_out import Parted

LARGE_WIDTH: Final = 1024  # from this hidden size on, adapters are trained
_EPOCHS: Final = 3
_STEPS: Final = (30, 1500)
_LOOKS: Final = 5
_SMALLEST_PREFIX: Final = 32
_REPLAY_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneWishes:
    """What the user asked for.

    Attributes:
        model: Where the weights start.
        steps: Steps of training; None goes by the number of rows.
        replay: Folders of earlier runs, and files of rows, that are replayed.
        keep: BEIR folders, each possibly `FOLDER:SPLIT`, that the tuned model must not lose on.
        tolerance: How much of nDCG@10 it may lose there.
        overrides: Any setting of the stage, by its dotted name.
    """

    model: str
    steps: int | None = None
    replay: Sequence[Path] = ()
    keep: Sequence[str] = ()
    tolerance: float = 0.01
    overrides: Mapping[str, Any] = field(default_factory=dict)


def stage_settings(wishes: TuneWishes, parted: Parted, *, dim: int) -> dict[str, Any]:
    """The stage as plain values, as a YAML file would hold them.

    Args:
        wishes: What the user asked for.
        parted: Rows to train on, and judged queries.
        dim: Dimensions of the model, its hidden size.

    Returns:
        Settings of a `StageConfig`.

    Raises:
        InvalidInputError: If something to keep or to replay is not there.
        ConfigError: If an override names no setting.
    """
    from embedrank.core.settings import put_in, read_yaml
    from embedrank.training.data.holding_out import DEV, GATE

    preset = "full.yaml" if dim < LARGE_WIDTH else "adapters.yaml"
    with resources.as_file(resources.files("embedrank") / "data" / "tune" / preset) as path:
        settings = read_yaml(path)
    steps = wishes.steps or _num_steps(parted.counts["train"], settings["mixture"]["batch_size"])
    judged = str(parted.judged)
    settings |= {"model": wishes.model, "sources": {"own": [str(parted.train)]}}
    settings["objective"]["dims"] = _prefixes(dim)
    pace = {"num_steps": steps, "warmup_steps": max(1, steps // 10), "evaluate_every": max(1, steps // _LOOKS)}
    settings["loop"] |= pace
    settings["dev"] = {"data": judged, "split": DEV, "patience": 2}
    settings["gate"] = {"sets": {"own": {"data": judged, "split": GATE}, **_kept(wishes.keep, wishes.tolerance)}}
    if wishes.replay:
        settings["replay"] = _replay(wishes.replay)
    for name, value in wishes.overrides.items():
        put_in(settings, name, value)
    return settings


def _num_steps(num_rows: int, batch_size: int) -> int:
    fewest, most = _STEPS
    return min(most, max(fewest, _EPOCHS * num_rows // batch_size))


def _prefixes(dim: int) -> list[int]:
    """The full length and all powers of two below it, longest first."""
    powers = [1 << place for place in range(dim.bit_length() - 1, -1, -1)]
    return [dim, *(power for power in powers if _SMALLEST_PREFIX <= power < dim)]


def _kept(folders: Sequence[str], tolerance: float) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = {}
    for named in folders:
        folder, split = (named, "dev") if Path(named).is_dir() else named.rpartition(":")[::2]
        if not folder or not Path(folder).is_dir():
            raise InvalidInputError("--keep", f"{named} is no BEIR folder", hint="name it as FOLDER or FOLDER:SPLIT")
        kept[f"{Path(folder).name}/{split}"] = {"data": folder, "split": split, "tolerance": tolerance}
    return kept


def _replay(paths: Sequence[Path]) -> dict[str, Any]:
    for path in paths:
        if not path.exists():
            raise InvalidInputError("--replay", f"there is no {path}")
    files = {path.stem: [str(path)] for path in paths if path.is_file()}
    return {"share": _REPLAY_SHARE, "runs": [str(path) for path in paths if path.is_dir()], "sources": files}
