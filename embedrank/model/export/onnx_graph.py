"""ONNX: one graph from token ids to unit vectors, or to the logit of a reranker; for onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedrank.core.packages import require_packages
from embedrank.core.types import FloatArray
from embedrank.model.export.format import Readings
from embedrank.model.export.graph import INPUTS
from embedrank.model.export.graph_folder import OUTPUTS, graph_of, run_probe, traced, write_surroundings
from embedrank.model.export.padding import IntArray
from embedrank.model.export.probe import Probe
from embedrank.model.export.quiet import quiet
from embedrank.model.export.row_table import RowTable
from embedrank.model.export.source import Source
from embedrank.model.provenance import EMBEDDER, RERANKER

FILE = "model.onnx"
OPSET = 18
_ONE_FILE_BYTES = 1_500_000_000  # protobuf ends at 2 GB; beyond, weights lie in a file beside the graph


class OnnxGraph:
    """A folder with `model.onnx` and the tokenizer."""

    name = "onnx"
    kinds: tuple[str, ...] = (EMBEDDER, RERANKER)
    dtypes: tuple[str, ...] = ("fp32", "int8")
    suffix = ""

    def require(self, dtype: str | None) -> None:
        """Ask for the libraries before anything is read."""
        require_packages(f"export to {self.name}", "onnx", "onnxscript", "onnxruntime", extra="export")

    def write(self, source: Source, target: Path, dtype: str) -> Mapping[str, Any]:
        """Trace, convert, and for int8 quantise the products' weights by channel and the token table by row."""
        write_surroundings(source, target)
        graph = graph_of(source, source.decoder())
        if dtype == "int8":
            graph.decoder.embed_tokens = RowTable(graph.decoder.embed_tokens.weight)  # type: ignore[assignment]
        plain = target / ("plain.onnx" if dtype == "int8" else FILE)
        with quiet():
            program = torch.onnx.export(
                traced(graph),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(INPUTS),
                output_names=[graph.output],
                verbose=False,
            )
            assert program is not None
            program.save(plain, external_data=source.config.num_parameters() * 4 > _ONE_FILE_BYTES)
        if dtype == "int8":
            del program, graph
            _quantise(plain, target / FILE)
        return {"opset": OPSET, "inputs": list(INPUTS), "output": OUTPUTS[source.kind]}

    def read_back(self, target: Path, kind: str, probe: Probe, *, dtype: str) -> Readings:
        """Run the graph in onnxruntime on the CPU."""
        import onnxruntime

        session = onnxruntime.InferenceSession(target / FILE, providers=["CPUExecutionProvider"])

        def run(ids_BL: IntArray, mask_BL: IntArray) -> FloatArray:
            return np.asarray(session.run(None, dict(zip(INPUTS, (ids_BL, mask_BL), strict=True)))[0])

        ways = run_probe(run, target, kind, probe)
        return Readings(runtime=f"onnxruntime {onnxruntime.__version__}", ways=ways)


def _quantise(plain: Path, target: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    beside = plain.with_name(plain.name + ".data")
    model = onnx.load(plain)
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")  # its shapes are inferred
    quantize_dynamic(
        model,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        use_external_data_format=beside.exists(),
    )
    for path in (plain, beside):
        path.unlink(missing_ok=True)
