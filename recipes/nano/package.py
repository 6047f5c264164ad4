"""Turn a trained decoder into a model folder of the package.

python recipes/nano/package.py --kind embedder --decoder decoder.pt --tokenizer FOLDER --out FOLDER [--facts JSON]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from embedrank.core.settings import build, read_yaml
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.prompting import PromptPolicy
from embedrank.model.tokenizer import TextTokenizer

MAX_LENGTH = 2048


def main() -> None:
    """Read the weights, write the folder in bfloat16."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("embedder", "reranker"), required=True)
    parser.add_argument("--decoder", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("embedder.yaml"))
    parser.add_argument("--facts", default="{}", help="JSON to put into embedrank.json")
    arguments = parser.parse_args()
    decoder = Decoder(build(DecoderConfig, read_yaml(arguments.config)["decoder"]))
    state = torch.load(arguments.decoder, weights_only=True)
    decoder.load_state_dict(state.get("module", state))
    tokenizer = TextTokenizer.load(arguments.tokenizer)
    facts = json.loads(arguments.facts)
    if arguments.kind == "embedder":
        raw = PromptPolicy(query_prefix="", document_prefix="")
        save_embedder(arguments.out, decoder, tokenizer, prompts=raw, max_length=MAX_LENGTH, provenance=facts)
    else:
        save_reranker(arguments.out, decoder, tokenizer, provenance=facts)


if __name__ == "__main__":
    main()
