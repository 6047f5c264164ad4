"""The report of a synthesis run: what was made, what was lost on the way and why, and what it took."""

from embedrank.synthesis.report.facts import RunFacts
from embedrank.synthesis.report.writing import write_report

__all__ = ["RunFacts", "write_report"]
