"""How near every export of a preset comes to its source: all formats, kinds and number types, as one Markdown table.

    python benchmarks/export_agreement.py [--model nano]

Needs `pip install "embedrank[export]"`; llama-cpp-python too, if GGUF is to be run in llama.cpp.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

from embedrank.core.errors import ExportCheckError
from embedrank.model.export.config import ExportConfig
from embedrank.model.export.exporting import export_model
from embedrank.model.export.formats import FORMATS
from embedrank.model.provenance import EMBEDDER, RERANKER


def row(model: str, target: Path, config: ExportConfig) -> str:
    """One line of the table.

    Args:
        model: Preset, folder or hub id.
        target: Where to export to.
        config: What to export.

    Returns:
        Size, worst and mean agreement, and the runtime; or why it was refused.
    """
    cells = f"| {config.format} | {config.dtype} |"
    try:
        report = export_model(model, target, config)
    except ExportCheckError as error:
        return f"{cells} – | refused: {error.problem} | – | {error.runtime} |"
    check = report.check
    return f"{cells} {report.num_bytes / 1e6:.1f} MB | {check.worst:.7f} | {check.mean:.7f} | {check.runtime} |"


def main() -> None:
    """Export everything into a temporary folder and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano", help="a preset, which has an embedder and a reranker")
    model = parser.parse_args().model
    print(f"{model}, {platform.machine()}, Python {platform.python_version()}")
    heads = {
        EMBEDDER: "smallest cosine | mean cosine",
        RERANKER: "largest difference of probabilities | mean difference",
    }
    with tempfile.TemporaryDirectory() as folder:
        for kind, head in heads.items():
            print(f"\n{kind}\n\n| format | numbers | size | {head} | run in |\n|---|---|---|---|---|---|")
            for name, each in FORMATS.items():
                for dtype in each.dtypes if kind in each.kinds else ():
                    target = Path(folder) / f"{name}-{kind}-{dtype}{each.suffix}"
                    print(row(model, target, ExportConfig(format=name, dtype=dtype, kind=kind)), flush=True)


if __name__ == "__main__":
    main()
