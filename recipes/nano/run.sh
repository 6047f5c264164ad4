#!/usr/bin/env bash
# Makes the bundled models from a folder of public data sets:  recipes/nano/run.sh DATA OUT
# Training resumes where it stopped; finished model folders are not made again.
set -euo pipefail
data=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
mkdir -p "$out"

[ -f "$out/rows/report.json" ] || python "$here/rows.py" --data "$data" --out "$out/rows"
[ -f "$out/tokenizer/tokenizer.json" ] || python "$here/tokenizer.py" --rows "$out/rows" --out "$out/tokenizer"
python "$here/train_embedder.py" --rows "$out/rows" --tokenizer "$out/tokenizer" --out "$out/embedder"
[ -d "$out/nano-embedder" ] || python "$here/package.py" --kind embedder --decoder "$out/embedder/decoder.pt" \
    --tokenizer "$out/tokenizer" --out "$out/nano-embedder"
[ -d "$out/mined" ] || python "$here/mine.py" --rows "$out/rows" --embedder "$out/nano-embedder" --out "$out/mined"
python "$here/train_reranker.py" --rows "$out/rows" --mined "$out/mined" --tokenizer "$out/tokenizer" \
    --out "$out/reranker"
[ -d "$out/nano-reranker" ] || python "$here/package.py" --kind reranker --decoder "$out/reranker/decoder.pt" \
    --config "$here/reranker.yaml" --tokenizer "$out/tokenizer" --out "$out/nano-reranker"
python "$here/choose_weights.py" --rows "$out/rows" --embedder "$out/nano-embedder" --reranker "$out/nano-reranker"
echo "put what it chose into the \"search\" object of embedrank.json of both folders"
