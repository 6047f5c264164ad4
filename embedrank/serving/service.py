"""What a server can do, without HTTP: the one thing that all dialects call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, cast

from embedrank.core.errors import InvalidInputError, TooLargeError
from embedrank.core.types import Truncation
from embedrank.engine.reranking import probabilities
from embedrank.serving.models.shelf import Entry, Shelf
from embedrank.serving.observing.facts import note_work, timed
from embedrank.serving.results import Embedded, Health, ModelInfo, Scored
from embedrank.serving.settings import Kind, ServeSettings, Truncate
from embedrank.serving.token_ids.cl100k import Cl100k
from embedrank.serving.token_ids.reading import CL100K, OwnVocabulary, texts_of
from embedrank.serving.truncating import fit_documents, fit_texts
from embedrank.serving.worker import Worker

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder
    from embedrank.model.reranker import Reranker
    from embedrank.model.tokenizer import Piece

_MAX_INSTRUCTION = (
    4096  # characters; it stands before every text, so that its length counts as often as there are texts
)
_MAX_TOLD = 1 << 20  # characters whose tokens are told one by one, each a hundred times as large as a character
_STUCK_S = 300.0  # a batch that is computed for longer will hardly end


class Service:
    """Embeds, scores and tokenises for any number of requests.

    Attributes:
        settings: How the server was set up.
        shelf: Its models.
        worker: Its engine.
        is_ready: Whether what shall be loaded before the first request is.
        is_draining: Whether it takes nothing new on.
    """

    def __init__(self, settings: ServeSettings, shelf: Shelf, worker: Worker, *, cl100k: Cl100k | None = None) -> None:
        """Put a service together.

        Args:
            settings: How the server is set up.
            shelf: Its models.
            worker: Its engine.
            cl100k: Gets OpenAI's vocabulary; None asks tiktoken.
        """
        self.settings, self.shelf, self.worker = settings, shelf, worker
        self._cl100k = cl100k or Cl100k()
        self.is_ready = self.is_draining = False

    async def embed(
        self,
        texts: Sequence[str],
        *,
        side: Literal["query", "document"],
        model: str | None,
        instruction: str | None = None,
        dim: int | None = None,
        truncate: Truncate = "right",
    ) -> Embedded:
        """Vectors of texts; a cancelled coroutine frees its place.

        Args:
            texts: The texts; none give no vectors.
            side: Whether they are queries, which get an instruction, or documents.
            model: Name of the embedder; None for the first.
            instruction: The task of queries; None for the model's own, an empty string for none.
            dim: Numbers per vector; None for all.
            truncate: What becomes of texts that are too long.

        Returns:
            The vectors.

        Raises:
            InvalidInputError: If the request cannot be used.
            EmbedrankError: If it is refused or fails; see `errors.STATUS`.
        """
        if side == "document" and instruction:
            raise InvalidInputError("instruction", "belongs to queries", hint="say that the texts are queries")
        self._check_items(texts, "input")
        _check_instruction(instruction)
        cut = [False] * len(texts)
        async with self.shelf.lease("embedder", model) as loaded:
            if truncate != "right":
                embedder = cast("Embedder", loaded.model)
                with timed("truncate"):
                    texts, cut = await asyncio.to_thread(
                        fit_texts, embedder, texts, side=side, instruction=instruction, truncate=truncate
                    )
            face = self.worker.embedder(loaded)
            with timed("engine"):
                if side == "query":
                    encoded = await face.embed_queries(texts, instruction=instruction, dim=dim)
                else:
                    encoded = await face.embed_documents(texts, dim=dim)
        truncated = _flags(cut, encoded.truncations)
        tokens = list(encoded.num_tokens)
        note_work(model=loaded.name, texts=len(texts), tokens=sum(tokens), truncated=sum(truncated))
        return Embedded(vectors=encoded.vectors, num_tokens=tokens, truncated=truncated, model=loaded.name)

    async def score(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str | None,
        instruction: str | None = None,
        truncate: Truncate = "right",
    ) -> Scored:
        """Judge documents against a query; a cancelled coroutine frees its place.

        Args:
            query: The query.
            documents: The documents; none give no scores.
            model: Name of the reranker; None for the first.
            instruction: The task; None for the template's.
            truncate: What becomes of documents that are too long.

        Returns:
            The scores.

        Raises:
            InvalidInputError: If the request cannot be used.
            EmbedrankError: If it is refused or fails; see `errors.STATUS`.
        """
        self._check_items(documents, "documents")
        _check_instruction(instruction)
        cut = [False] * len(documents)
        async with self.shelf.lease("reranker", model) as loaded:
            if truncate != "right":
                reranker = cast("Reranker", loaded.model)
                with timed("truncate"):
                    documents, cut = await asyncio.to_thread(
                        fit_documents, reranker, query, documents, instruction=instruction, truncate=truncate
                    )
            face = self.worker.reranker(loaded)
            with timed("engine"):
                judged = await face.rerank(query, documents, instruction=instruction)
        truncated = _flags(cut, judged.truncations)
        tokens = list(judged.num_tokens)
        note_work(model=loaded.name, texts=len(documents), tokens=sum(tokens), truncated=sum(truncated))
        return Scored(
            scores=probabilities(judged.logits),
            logits=judged.logits,
            num_tokens=tokens,
            truncated=truncated,
            model=loaded.name,
        )

    async def tokenize(
        self, texts: Sequence[str], *, model: str | None, kind: Kind | None = None, ended: bool = False
    ) -> list[list[Piece]]:
        """Tokens of each text as they stand: no prompt in front.

        Args:
            texts: The texts.
            model: Name of an embedder or reranker; None for the first.
            kind: Which of the two it has to be; None for either.
            ended: Whether the end token is told that an embedder puts behind each text.

        Returns:
            Pieces with id, text, whether special, and the characters they stand for.

        Raises:
            TooLargeError: If the texts are longer than a megabyte together.
        """
        self._check_items(texts, "inputs")
        if (size := sum(map(len, texts))) > _MAX_TOLD:
            raise TooLargeError("characters", size=size, limit=_MAX_TOLD)
        async with self.shelf.lease(kind, model) as loaded:
            tokenizer, plain = loaded.model.tokenizer, loaded.model.plain_text
            ended = ended and loaded.kind == "embedder"
            return await asyncio.to_thread(lambda: [tokenizer.pieces(text, plain=plain, ended=ended) for text in texts])

    async def texts_of(
        self, lists: Sequence[Sequence[int]], *, model: str | None, vocabulary: str | None = None
    ) -> list[str]:
        """The texts that token ids stand for; see `token_ids.reading`.

        Args:
            lists: Ids, a list for each text.
            model: Name of an embedder or reranker; None for the first.
            vocabulary: Whose ids they are: `model`, `cl100k_base` or `auto`; None for what the server is set to.

        Returns:
            A text for each list.

        Raises:
            InvalidInputError: If they are refused, or it cannot be told whose they are.
            TokenIdError: If an id is in no vocabulary that it could be of.
        """
        self._check_items(lists, "input")
        chosen = self.settings.token_ids
        if vocabulary is not None and chosen != "refuse":
            chosen = vocabulary
        async with self.shelf.lease(None, model) as loaded:
            own = OwnVocabulary(loaded.model.tokenizer)
            needs_foreign = chosen in ("auto", CL100K)

            def read() -> list[str]:
                foreign = self._cl100k.vocabulary() if needs_foreign else None
                return texts_of(lists, own=own, foreign=foreign, vocabulary=chosen)

            return await asyncio.to_thread(read)

    async def decode(self, token_ids: Sequence[int], *, model: str | None) -> str:
        """The text that token ids of a model's own vocabulary stand for; special tokens are left out."""
        return (await self.texts_of([token_ids], model=model, vocabulary="model"))[0]

    async def reads_instructions(self, model: str | None) -> bool:
        """Whether an embedder was made to read instructions before queries.

        Args:
            model: Its name; None for the first.

        Returns:
            False for one that reads its texts raw.
        """
        async with self.shelf.lease("embedder", model) as loaded:
            return cast("Embedder", loaded.model).default_instruction is not None

    def model(self, asked: str | None, *, kind: Kind | None = None) -> ModelInfo:
        """What is known of one model.

        Args:
            asked: Its name or alias; None for the first.
            kind: Which kind it has to be; None for either.

        Returns:
            Its facts.

        Raises:
            ModelNotFoundError: If there is none.
        """
        entry = self.shelf.find(kind, asked)
        return _info(entry, is_default=self.shelf.find(entry.kind, None) is entry)

    def models(self) -> list[ModelInfo]:
        """All models that are served, loaded or not."""
        firsts = {kind: self.shelf.find(kind, None) for kind in {entry.kind for entry in self.shelf.entries}}
        return [_info(entry, is_default=firsts[entry.kind] is entry) for entry in self.shelf.entries]

    def health(self) -> Health:
        """Whether the server computes; not well means that its process had better be replaced if it lasts."""
        failure = self.worker.failure
        if failure is not None:
            return Health(is_well=False, reason=failure.problem)
        computing_s = self.worker.engine.stats().computing_s
        if computing_s > _STUCK_S:
            return Health(is_well=False, reason=f"one batch has been computed for {computing_s:.0f} s")
        return Health(is_well=True)

    def ready(self) -> Health:
        """Whether requests had better be sent here now."""
        if self.is_draining:
            return Health(is_well=False, reason="the server is ending")
        if not self.is_ready:
            return Health(is_well=False, reason="models are being loaded")
        return self.health()

    def _check_items(self, items: Sequence[object], what: str) -> None:
        limit = self.settings.limits.max_items
        if len(items) > limit:
            raise TooLargeError(what, size=len(items), limit=limit)


def _check_instruction(instruction: str | None) -> None:
    if instruction and len(instruction) > _MAX_INSTRUCTION:
        problem = f"has {len(instruction)} characters, more than {_MAX_INSTRUCTION}"
        raise InvalidInputError("instruction", problem, hint="one sentence is enough")


def _flags(cut: list[bool], truncations: Sequence[Truncation]) -> list[bool]:
    flags = list(cut)
    for truncation in truncations:
        flags[truncation.index] = True
    return flags


def _info(entry: Entry, *, is_default: bool) -> ModelInfo:
    loaded = entry.loaded
    model = loaded.model if loaded else None
    return ModelInfo(
        name=entry.name,
        kind=entry.kind,
        source=entry.settings.source or entry.name,
        aliases=entry.settings.aliases,
        is_default=is_default,
        is_loaded=loaded is not None,
        dim=getattr(model, "dim", None),
        max_length=getattr(model, "max_length", None),
        fingerprint=getattr(model, "fingerprint", None),
        precision=getattr(model, "precision", None),
        loaded_at=loaded.loaded_at if loaded else None,
    )
