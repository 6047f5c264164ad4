"""Logs as JSON, one object a line, on stderr."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

from embedrank.serving.observing.facts import current_facts


class JsonLines(logging.Formatter):
    """Spells a record as one line of JSON: time, level, logger, message, the request's id, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line.

        Args:
            record: What is logged; a mapping in `record.fields` is laid out beside the message.

        Returns:
            JSON.
        """
        facts = current_facts()
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **({"request_id": facts.request_id} if facts else {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def write_json_lines(level: str) -> None:
    """Send all logs of this process to stderr as JSON lines; for a process that is nothing but a server.

    Args:
        level: Least level of a line.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
