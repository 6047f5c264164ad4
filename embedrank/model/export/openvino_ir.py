"""OpenVINO: the same graph as intermediate representation, for Intel processors, GPUs and NPUs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from embedrank.core.errors import StorageError
from embedrank.core.packages import require_packages
from embedrank.core.types import FloatArray
from embedrank.model.export.format import Readings
from embedrank.model.export.graph import INPUTS
from embedrank.model.export.graph_folder import OUTPUTS, graph_of, run_probe, traced, write_surroundings
from embedrank.model.export.padding import IntArray
from embedrank.model.export.probe import Probe
from embedrank.model.export.quiet import quiet
from embedrank.model.export.source import Source
from embedrank.model.provenance import EMBEDDER, RERANKER

FILE = "openvino_model.xml"


class OpenvinoIr:
    """A folder with `openvino_model.xml`, its weights and the tokenizer."""

    name = "openvino"
    kinds: tuple[str, ...] = (EMBEDDER, RERANKER)
    dtypes: tuple[str, ...] = ("fp32", "fp16", "int8")
    suffix = ""

    def require(self, dtype: str | None) -> None:
        """Ask for the libraries before anything is read."""
        require_packages(f"export to {self.name}", "openvino", *(["nncf"] if dtype == "int8" else []), extra="export")

    def write(self, source: Source, target: Path, dtype: str) -> Mapping[str, Any]:
        """Trace and convert; for int8 the weights are compressed by channel, activations stay as they are."""
        import openvino

        write_surroundings(source, target)
        graph = graph_of(source, source.decoder())
        with quiet():
            model = openvino.convert_model(traced(graph))
            for port, name in zip(model.inputs, INPUTS, strict=True):
                port.get_tensor().set_names({name})
            model.outputs[0].get_tensor().set_names({graph.output})
            if dtype == "int8":
                import nncf

                model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
            try:
                openvino.save_model(model, target / FILE, compress_to_fp16=dtype == "fp16")
            except RuntimeError as error:  # what the library makes of a failed write
                raise StorageError(target, f"not written: {str(error).splitlines()[-1]}") from error
        return {"inputs": list(INPUTS), "output": OUTPUTS[source.kind]}

    def read_back(self, target: Path, kind: str, probe: Probe, *, dtype: str) -> Readings:
        """Run the model on the CPU, in float32 so that the file is checked and not the processor's own rounding."""
        import openvino

        settings = {"INFERENCE_PRECISION_HINT": "f32"}
        model = openvino.Core().compile_model(target / FILE, "CPU", settings)

        def run(ids_BL: IntArray, mask_BL: IntArray) -> FloatArray:
            return np.array(model(dict(zip(INPUTS, (ids_BL, mask_BL), strict=True)))[0])

        ways = run_probe(run, target, kind, probe)
        version = openvino.__version__.split("-")[0]
        return Readings(runtime=f"openvino {version}", ways=ways)
