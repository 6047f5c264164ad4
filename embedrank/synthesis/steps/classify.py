"""Classification: a text with its class and wrong ones; of a set with classes a new text of the passage's class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.schema import TEXT, list_of, object_of
from embedrank.synthesis.steps.asking import AskingStep, language_text, length_text

_INVENTED = "to be invented"
_MOST_SHOWN = 100


class ClassifyStep(AskingStep):
    """With a label of the data the wrong labels are the set's others; else all are written."""

    name: ClassVar[str] = "classification"

    def values(self, draft: Draft) -> Mapping[str, str]:
        """The class and all classes, where the set has some."""
        label = draft.passage.label
        labels = self.context.labels.get(draft.passage.source, ()) if label else ()
        return {
            "label": label or _INVENTED,
            "labels": ", ".join(labels[:_MOST_SHOWN]) or _INVENTED,
            "length": length_text(draft),
            "language": language_text(draft),
        }

    def choices(self, draft: Draft) -> Mapping[str, str | None]:
        """What is to be done."""
        return {"mode": "labelled" if draft.passage.label else "free"}

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """A text, and what is not known of it."""
        if draft.passage.label:
            return object_of({"text": TEXT})
        return object_of({"task": TEXT, "text": TEXT, "label": TEXT, "wrong_labels": list_of(TEXT, least=2, most=8)})

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """Text, label, wrong labels, task; wrong labels differ from the right one and from each other."""
        query = found["text"].strip()
        if draft.passage.label:
            return {"query": query}
        label = found["label"].strip()
        wrong: dict[str, str] = {}
        for text in found["wrong_labels"]:
            wrong.setdefault(text.strip().casefold(), text.strip())
        wrong.pop(label.casefold(), None)
        if len(wrong) < 2:
            return self.refused("too few wrong labels", f"{len(wrong)} that differ from the right one")
        return {"query": query, "label": label, "wrong_labels": tuple(wrong.values()), "task": found["task"].strip()}
