"""What the searching part of a server does at most."""

from __future__ import annotations

from dataclasses import dataclass, fields

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchingSettings:
    """Bounds of searching, adding documents and feedback.

    Attributes:
        max_query_chars: Longest query and longest instruction.
        max_top: Most hits of one search.
        max_recall: Most candidates of each recall list.
        max_rerank_depth: Most candidates that the reranker reads.
        num_threads: Searches at a time.
        max_waiting: Searches that wait for a thread; one more gets 429.
        max_documents: Most texts, or files, of one request.
        max_text_chars: Longest text of one document.
        max_jobs: Jobs that wait to be worked on; one more gets 429.
        max_jobs_kept: Finished jobs that can still be asked about.
        max_skipped_told: Skipped files that a job tells one by one; all are counted.
        map_points: Chunks on the map; of a larger index a seeded sample.
        max_thumbs: Judgements kept; one more gets 429.
    """

    max_query_chars: int = 8_000
    max_top: int = 100
    max_recall: int = 1_000
    max_rerank_depth: int = 200
    num_threads: int = 4
    max_waiting: int = 64
    max_documents: int = 1_000
    max_text_chars: int = 2_000_000
    max_jobs: int = 16
    max_jobs_kept: int = 100
    max_skipped_told: int = 200
    map_points: int = 1_500
    max_thumbs: int = 100_000

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ConfigError("searching", field.name, getattr(self, field.name), "must be at least 1")
