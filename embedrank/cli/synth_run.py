"""One run of `embedrank synth`: wires passages, generator, filters and models together, and tells what came of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.bulk_pool import num_cores
from embedrank.cli.console import note
from embedrank.cli.shared_encoder import SharedEncoder
from embedrank.core.errors import InvalidInputError, StorageError

if TYPE_CHECKING:
    from embedrank.cli.synth_bar import SynthBar
    from embedrank.cli.synth_settings import Asked
    from embedrank.cli.wiring import Wiring
    from embedrank.core.protocols import TextGenerator
    from embedrank.synthesis.config import SynthesisConfig
    from embedrank.synthesis.generators.meter import LocalMeter
    from embedrank.synthesis.generators.registry import GeneratorChoice
    from embedrank.synthesis.passage_source import PassageSource
    from embedrank.synthesis.pipeline import RunReport, SynthesisTask
    from embedrank.synthesis.pool import Pool
    from embedrank.synthesis.ray_tasks import RemoteMeter

SETTINGS: Final = "synthesis.yaml"
_CACHE: Final = "requests.sqlite"
_WORK: Final = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where blocks are computed.

    Attributes:
        ray: Address of a Ray; None for this process.
        workers: Actors there.
        gpus: GPUs for each.
    """

    ray: str | None = None
    workers: int | None = None
    gpus: float | None = None

    def __post_init__(self) -> None:
        for name in ("workers", "gpus"):
            if self.ray is None and getattr(self, name) is not None:
                raise InvalidInputError(f"--{name}", "is for Ray", hint="add --ray local, or leave it out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run tells.

    Attributes:
        report: How it ended.
        left_out: Records and documents that are no passages, by reason.
        notes: What the generator had to say.
    """

    report: RunReport
    left_out: Mapping[str, int]
    notes: tuple[str, ...]


class SynthRun:
    """A run with its settings; `run` opens what it needs and closes it again."""

    def __init__(self, asked: Asked, to: Path, wiring: Wiring, bar: SynthBar, *, restart: bool) -> None:
        """Read settings and passages; nothing is asked of any model yet.

        Args:
            asked: Settings and documents.
            to: Output folder.
            wiring: How models are loaded.
            bar: Told how far it is.
            restart: Whether to write all rows anew.

        Raises:
            ConfigError: If the settings are unsound.
            DatasetError: If passages cannot be read, or there are none.
            StorageError: If the folder cannot be written, or another run is writing it.
        """
        from embedrank.synthesis.config import SynthesisConfig
        from embedrank.synthesis.output_folder import require_free
        from embedrank.synthesis.passage_source import PassageSource

        self._asked, self._to, self._wiring, self._bar, self._restart = asked, to, wiring, bar, restart
        SynthesisConfig.of(asked.settings)  # refused before documents are read
        try:
            to.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(to, f"cannot be written: {error.strerror or error}") from error
        require_free(to)
        self._left_out: dict[str, int] = {}
        self._settings = self._with_documents()
        self._config: SynthesisConfig = SynthesisConfig.of(self._settings)
        self._passages: PassageSource = PassageSource(self._config.passages)
        found = self._passages.count(partial(bar.doing, "reading passages"))
        self._total = min(found, self._config.limit or found)
        for reason, count in self._passages.left_out.items():
            note(f"{count} records left out, {reason}; the first: {self._passages.examples[reason]}")
            self._left_out[reason] = self._left_out.get(reason, 0) + count

    def run(self, place: Place) -> Outcome:
        """Run to the end, or until the generator answers no more, and write the report.

        Args:
            place: Where blocks are computed.

        Returns:
            What came of it.
        """
        from embedrank.synthesis.generators.usage import Usage
        from embedrank.synthesis.pipeline import run_synthesis
        from embedrank.synthesis.report import write_report
        from embedrank.synthesis.run_facts import facts_of

        if self._restart:
            shutil.rmtree(self._to / _WORK, ignore_errors=True)
        with ExitStack() as stack:
            pool, meter, generator = self._opened(place, stack)
            task = self._task(self._judge(generator, meter, stack))

            def usage() -> Usage:
                return Usage() if meter is None else meter.usage

            report = run_synthesis(
                task,
                pool,
                self._to,
                tell=lambda totals: self._bar.show(totals, usage(), self._total),
                restart=self._restart,
                beside={SETTINGS: self._settings_text()},
            )
            self._bar.doing("writing the report", 0)
            write_report(self._to, facts_of(self._config, report, usage()))
            return Outcome(report=report, left_out=self._left_out, notes=() if meter is None else tuple(meter.notes))

    def _with_documents(self) -> dict[str, Any]:
        """The settings, with passages cut from documents among the corpora."""
        from embedrank.cli.synth_documents import PASSAGES, write_passages

        settings = dict(self._asked.settings)
        if not self._asked.documents:
            return settings
        file = self._to / PASSAGES
        if self._restart or not file.is_file():
            self._left_out = dict(
                write_passages(self._asked.documents, file, partial(self._bar.doing, "reading documents"))
            )
            for reason, count in self._left_out.items():
                note(f"{count} documents left out: {reason}")
        passages = dict(settings.get("passages") or {})
        settings["passages"] = {**passages, "corpus": [*passages.get("corpus", ()), str(file)]}
        return settings

    def _opened(
        self, place: Place, stack: ExitStack
    ) -> tuple[Pool, LocalMeter | RemoteMeter | None, TextGenerator | None]:
        """Where blocks are computed, cache and budget, and the generator where it is in this process."""
        from embedrank.synthesis.labels import labels_of
        from embedrank.synthesis.pool import ThisProcess
        from embedrank.synthesis.work import load_work

        config = self._config
        labels = labels_of(self._passages()) if "classification" in config.plan.kind else {}
        work = partial(load_work, config, key=_key(config.generator), labels=labels)
        if place.ray is not None:
            return self._on_ray(place.ray, place, work, stack)
        meter = self._local_meter(stack) if config.writers else None
        recipe, generator = work(meter, encoder=None if config.encoder is None else lambda: self._encoder)
        stack.callback(generator.close)
        return ThisProcess(recipe, generator, num_blocks=config.blocks_in_flight), meter, generator

    def _on_ray(
        self, address: str, place: Place, work: partial[Any], stack: ExitStack
    ) -> tuple[Pool, RemoteMeter | None, None]:
        from embedrank.synthesis.ray_pool import RayBlocks

        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        config = self._config
        pool = RayBlocks(
            address=address, num_actors=place.workers or 1, num_cores=num_cores(), num_gpus=place.gpus or 0.0
        )
        stack.callback(pool.close)
        meter = None
        if config.writers:
            self._begin_spending()
            meter = pool.open_meter(self._cache, self._run_name, config.budget)
        load = (
            None if config.encoder is None else partial(SharedEncoder, partial(self._wiring.embedder, config.encoder))
        )
        pool.compute_with(partial(work, encoder=load))
        return pool, meter, None

    def _local_meter(self, stack: ExitStack) -> LocalMeter:
        from embedrank.synthesis.generators.cache import RequestCache
        from embedrank.synthesis.generators.meter import LocalMeter

        self._begin_spending()
        meter = LocalMeter(RequestCache(self._cache, run=self._run_name), self._config.budget)
        stack.callback(meter.close)
        return meter

    def _begin_spending(self) -> None:
        """See that the cache is sound. A run that is begun anew has spent nothing; its answers stay."""
        from embedrank.synthesis.generators.cache import RequestCache

        cache = RequestCache(self._cache, run=self._run_name)
        if self._restart:
            cache.forget_spent()
        cache.close()

    def _judge(
        self, generator: TextGenerator | None, meter: LocalMeter | RemoteMeter | None, stack: ExitStack
    ) -> TextGenerator | None:
        """Who answers the filter `judge`, in this process."""
        config = self._config
        if "judge" not in config.filters or (config.judge is None and generator is not None):
            return generator
        choice = config.judge or config.generator
        judge = choice.make(meter, _key(choice))
        stack.callback(judge.close)
        return judge

    def _task(self, judge: TextGenerator | None) -> SynthesisTask:
        from embedrank.synthesis.filters import build_filters
        from embedrank.synthesis.filters.needs import FilterNeeds
        from embedrank.synthesis.pipeline import SynthesisTask
        from embedrank.synthesis.plan import Plan

        config = self._config
        needs = FilterNeeds(
            encoder=None if config.encoder is None else self._encoder,
            passages=self._passages,
            generator=judge,
            work=self._to / _WORK,
            tell=self._bar.doing,
        )
        documents = [str(path.absolute()) for path in self._asked.documents]
        return SynthesisTask(
            passages=self._passages,
            wishes=Plan(config.plan, seed=config.seed, reads_prose=config.generator.reads_prose).wishes,
            filters=build_filters(config.filters, needs),
            generator=config.generator.name,
            settings={**config.decisive(), "documents": documents, **self._passages.stamps()},
            limit=config.limit,
            block_passages=config.block_passages,
        )

    def _settings_text(self) -> str:
        """The YAML file as it was given; or, where more was said beside it, one that says all."""
        import yaml

        if self._asked.file is not None and not self._asked.is_changed:
            return self._asked.file.read_text(encoding="utf-8")
        return yaml.safe_dump(self._settings, allow_unicode=True, sort_keys=False)

    @cached_property
    def _encoder(self) -> SharedEncoder:
        assert self._config.encoder is not None
        return SharedEncoder(partial(self._wiring.embedder, self._config.encoder))

    @property
    def _cache(self) -> Path:
        return self._to / _CACHE if self._config.cache is None else Path(self._config.cache)

    @property
    def _run_name(self) -> str:
        return str(self._to.resolve())


def _key(choice: GeneratorChoice) -> str | None:
    """The API key of a generator that takes one."""
    variable = getattr(choice.config, "key_env", None)
    return None if variable is None else os.environ.get(variable)
