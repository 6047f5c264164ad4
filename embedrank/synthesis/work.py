"""What computes blocks, made from settings in whatever process: steps with what they share, and a generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from embedrank.core.protocols import Encoder, TextGenerator
from embedrank.synthesis.config import SynthesisConfig
from embedrank.synthesis.context import PersonaLookup, StepContext
from embedrank.synthesis.drafting import Drafting
from embedrank.synthesis.generators.meter import Meter
from embedrank.synthesis.kinds import KINDS
from embedrank.synthesis.personas import DrawnPersonas, NearestPersonas, load_personas


def load_work(
    config: SynthesisConfig,
    meter: Meter | None,
    *,
    key: str | None,
    encoder: Callable[[], Encoder] | None,
    labels: Mapping[str, Sequence[str]],
) -> tuple[Drafting, TextGenerator]:
    """Make recipe and generator.

    Args:
        config: Settings of the run.
        meter: Cache and budget; None where no language model is asked.
        key: API key of the generator.
        encoder: Loads the embedding model that finds personas; None draws them.
        labels: All classes by name of the set.

    Returns:
        Both.
    """
    reads_prose = config.generator.reads_prose
    context = StepContext.of(
        config.plan,
        seed=config.seed,
        personas=_personas(config, encoder) if reads_prose else None,
        labels=labels,
        reads_prose=reads_prose,
    )
    return Drafting(context=context), config.generator.make(meter, key)


def stages_of(config: SynthesisConfig) -> tuple[str, ...]:
    """What drafts go through, by the names that losses are counted under.

    Args:
        config: Settings of the run.

    Returns:
        The plan, steps, kinds, then filters, each once.
    """
    context = StepContext.of(config.plan, seed=config.seed, reads_prose=config.generator.reads_prose)
    steps = [step.name for kind in config.plan.kind for step in KINDS[kind].steps(context)]
    return tuple(dict.fromkeys(["plan", *steps, *config.plan.kind, *config.filters]))


def _personas(config: SynthesisConfig, encoder: Callable[[], Encoder] | None) -> PersonaLookup:
    settings = config.plan.personas
    personas = load_personas(settings, config.plan.domain)
    if encoder is None:
        return DrawnPersonas(personas, num_candidates=settings.candidates, seed=config.seed)
    return NearestPersonas(personas, encoder(), num_candidates=settings.candidates)
