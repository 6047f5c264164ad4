"""Reranking fixed candidates: judged ones of the folder, or those that a first stage found and that were kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray, joined_text
from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.run import Run
from embedrank.evaluation.tasks.pair_classification import judged_pairs

Scores = dict[str, dict[str, float]]
ScoreQuery = Callable[[str, Sequence[str]], FloatArray]
"""From a query's id and the texts of its candidates to a score for each."""


def judged_candidates(dataset: BeirSet) -> dict[str, list[str]]:
    """All documents that the folder judges for each query, relevant or not, by id so that their order tells nothing.

    Args:
        dataset: A loaded split.

    Returns:
        Query id to document ids.

    Raises:
        DatasetError: If none of them is judged irrelevant, so that there is nothing to tell apart.
    """
    if not any(grade <= 0 for grades in dataset.qrels.values() for grade in grades.values()):
        raise DatasetError(
            dataset.folder, f"{dataset.split!r} has no candidates judged irrelevant; give some with --candidates FILE"
        )
    known = {document.id for document in dataset.documents}
    return {query: sorted(known.intersection(grades)) for query, grades in dataset.qrels.items()}


def check_candidates(dataset: BeirSet, candidates: Run, source: str) -> dict[str, list[str]]:
    """Candidates from a file, held against the set they are to be used for.

    Args:
        dataset: A loaded split.
        candidates: Query id to document ids.
        source: Name of the file.

    Returns:
        Those of the queries measured; none where a query is not in the file, because its first stage found nothing.

    Raises:
        DatasetError: If no query has candidates, or a document is not in the corpus.
    """
    if not any(candidates.get(query) for query in dataset.queries):
        raise DatasetError(source, f"has candidates for no query of {dataset.folder.name} {dataset.split!r}")
    known = {document.id for document in dataset.documents}
    found = {query: list(candidates.get(query, ())) for query in dataset.queries}
    for names in found.values():
        if missing := next((name for name in names if name not in known), None):
            raise DatasetError(source, f"names document {missing!r}, which {dataset.folder.name} does not have")
    return found


def scored_candidates(
    dataset: BeirSet, candidates: Run, score: ScoreQuery, on_query: Callable[[], None] = lambda: None
) -> Scores:
    """Let a model judge every candidate.

    Args:
        dataset: Holds the texts.
        candidates: Query id to document ids.
        score: The model.
        on_query: Called after each query.

    Returns:
        Query id to document id to score, higher is better.
    """
    texts = {document.id: joined_text(document.title, document.text) for document in dataset.documents}
    scores: Scores = {}
    for query in dataset.queries:
        names = candidates[query]
        judged = score(query, [texts[name] for name in names]) if names else ()
        scores[query] = dict(zip(names, map(float, judged), strict=True))
        on_query()
    return scores


def embedder_scores(dataset: BeirSet, candidates: Run, encoder: PromptedEncoder) -> ScoreQuery:
    """Judge by cosine.

    Args:
        dataset: Holds the texts.
        candidates: Query id to document ids; each is embedded once.
        encoder: Prompts queries and candidates as its protocol says.

    Returns:
        What `scored_candidates` calls.
    """
    texts = {document.id: joined_text(document.title, document.text) for document in dataset.documents}
    wanted = list(dict.fromkeys(texts[name] for query in dataset.queries for name in candidates[query]))
    vectors_CD = encoder.candidates(wanted)
    place = {text: number for number, text in enumerate(wanted)}
    queries = list(dataset.queries)
    vectors_QD = encoder.instructed([dataset.queries[query] for query in queries])
    row = {query: number for number, query in enumerate(queries)}

    def score(query: str, documents: Sequence[str]) -> FloatArray:
        found: FloatArray = vectors_CD[[place[text] for text in documents]] @ vectors_QD[row[query]]
        return found

    return score


def ranked(scores: Mapping[str, Mapping[str, float]]) -> dict[str, list[str]]:
    """Candidates by falling score; equal scores by id, so that the order they came in tells nothing.

    Args:
        scores: Query id to document id to score.

    Returns:
        Query id to document ids, best first.
    """
    return {query: sorted(by_id, key=lambda name: (-by_id[name], name)) for query, by_id in scores.items()}


def with_both_kinds(dataset: BeirSet, candidates: Run) -> set[str]:
    """Queries that have something to rank.

    Args:
        dataset: Holds the grades.
        candidates: Query id to document ids.

    Returns:
        Ids of those with a relevant and an irrelevant candidate; the others score the same in any order.
    """
    return {
        query
        for query, grades in dataset.qrels.items()
        if {grades.get(name, 0) > 0 for name in candidates[query]} == {True, False}
    }


def pointwise(dataset: BeirSet, scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Judge the scores of all pairs of query and candidate together, as a threshold for answers would.

    Args:
        dataset: Holds the grades; candidates that are not judged are not looked at.
        scores: Query id to document id to score.

    Returns:
        `pair_average_precision` and `pair_spearman`; nothing where all judged candidates have the same grade.
    """
    from scipy import stats

    judged = [
        (grade, scores[query][name])
        for query, grades in dataset.qrels.items()
        for name, grade in grades.items()
        if name in scores.get(query, {})
    ]
    grades_N = np.asarray([grade for grade, _ in judged], dtype=np.int64)
    scores_N = np.asarray([score for _, score in judged], dtype=np.float32)
    if len(judged) < 2 or np.ptp(grades_N) == 0 or np.ptp(scores_N) == 0:
        return {}
    return {
        "pair_average_precision": judged_pairs((grades_N > 0).astype(np.int64), scores_N)["average_precision"],
        "pair_spearman": float(stats.spearmanr(scores_N, grades_N).statistic),
    }
