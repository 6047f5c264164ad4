"""All formats by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from embedrank.model.export.format import ExportFormat
from embedrank.model.export.gguf_file import GgufFile
from embedrank.model.export.onnx_graph import OnnxGraph
from embedrank.model.export.openvino_ir import OpenvinoIr
from embedrank.model.export.sentence_transformers_folder import SentenceTransformersFolder
from embedrank.model.export.sequence_classifier import SequenceClassifier

FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        "sentence-transformers": SentenceTransformersFolder(),
        "sequence-classification": SequenceClassifier(),
        "onnx": OnnxGraph(),
        "openvino": OpenvinoIr(),
        "gguf": GgufFile(),
    }
)
