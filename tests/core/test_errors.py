"""Every error says what was wrong, where, and what to do; its facts are fields."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from embedrank.core import errors
from embedrank.core.errors import EmbedrankError

# One instance per class, the fields it has to carry, and what its message has to say.
CASES: list[tuple[EmbedrankError, dict[str, object], list[str]]] = [
    (
        errors.InvalidInputError("query", "is empty", hint="type some words"),
        {"what": "query", "problem": "is empty", "hint": "type some words"},
        ["query", "is empty", "type some words"],
    ),
    (
        errors.ConfigError("loss", "temperature", -1, "must be above 0"),
        {"component": "loss", "field": "temperature", "value": -1, "limit": "must be above 0"},
        ["loss.temperature", "-1", "must be above 0"],
    ),
    (
        errors.TokenIdError(200000, position=3, table_size=151669),
        {"token_id": 200000, "position": 3, "table_size": 151669},
        ["200000", "position 3", "151669"],
    ),
    (
        errors.TooLargeError("texts", size=11, limit=10),
        {"what": "texts", "size": 11, "limit": 10},
        ["texts", "11", "10", "in parts"],
    ),
    (
        errors.OverloadedError("requests", in_flight=8, limit=8, retry_after_s=1.5),
        {"what": "requests", "in_flight": 8, "limit": 8, "retry_after_s": 1.5},
        ["overloaded", "8 of 8 requests", "1.5 s"],
    ),
    (errors.DeadlineExceededError(0.25), {"timeout_s": 0.25}, ["0.25 s", "more time"]),
    (errors.EngineClosedError(), {}, ["closed", "make a new one"]),
    (
        errors.EngineFailedError("the model thread died"),
        {"problem": "the model thread died"},
        ["the model thread died", "make a new one"],
    ),
    (
        errors.ComputeError("8b", "out of memory"),
        {"model": "8b", "problem": "out of memory"},
        ["8b", "out of memory"],
    ),
    (
        errors.ModelNotFoundError("nanoo", "is no preset", hint="try nano"),
        {"name": "nanoo", "problem": "is no preset"},
        ["'nanoo'", "is no preset", "try nano"],
    ),
    (
        errors.CheckpointError(Path("m"), "config.json is missing", hint="copy it"),
        {"path": "m", "problem": "config.json is missing"},
        ["m", "config.json is missing", "copy it"],
    ),
    (
        errors.OppositeVectorsError(-1.0, tensor="norm.weight"),
        {"cosine": -1.0, "tensor": "norm.weight"},
        ["norm.weight", "opposite", "linear"],
    ),
    (
        errors.MissingShardError(Path("m"), "model-00002-of-00002.safetensors"),
        {"path": "m", "shard": "model-00002-of-00002.safetensors"},
        ["m", "model-00002-of-00002.safetensors", "missing", "download"],
    ),
    (
        errors.MissingTensorError("m", ["a.weight", "b.weight", "c.weight", "d.weight"]),
        {"path": "m", "tensors": ("a.weight", "b.weight", "c.weight", "d.weight")},
        ["a.weight", "c.weight", "1 more", "do not belong together"],
    ),
    (
        errors.TensorShapeError("m", "norm.weight", expected=(8,), found=(4,)),
        {"path": "m", "tensor": "norm.weight", "expected": (8,), "found": (4,)},
        ["norm.weight", "[4]", "[8]", "config.json"],
    ),
    (
        errors.IndexNotFoundError(Path("my.index")),
        {"path": "my.index"},
        ["no index at my.index", "embedrank index PATH... --to my.index"],
    ),
    (
        errors.IndexMismatchError("my.index", "dim", stored=256, given=128),
        {"path": "my.index", "field": "dim", "stored": 256, "given": 128},
        ["my.index", "dim", "256", "128", "build a new index"],
    ),
    (
        errors.DocumentReadError("a.pdf", "is encrypted"),
        {"path": "a.pdf", "problem": "is encrypted"},
        ["a.pdf", "is encrypted"],
    ),
    (
        errors.StorageError("my.index", "disk full"),
        {"path": "my.index", "problem": "disk full"},
        ["my.index", "disk full"],
    ),
    (
        errors.DatasetError("queries.jsonl", "no field _id", line=7),
        {"path": "queries.jsonl", "problem": "no field _id", "line": 7},
        ["queries.jsonl", "line 7", "no field _id"],
    ),
    (
        errors.ResumeError(Path("v.npy.partial"), ["dim was 64, is 32", "side was query, is document"]),
        {"path": "v.npy.partial", "differences": ("dim was 64, is 32", "side was query, is document")},
        ["v.npy.partial", "dim was 64, is 32; side was query, is document", "--restart"],
    ),
    (
        errors.WorkerError("2", "died twice on rows 1 to 9", hint="too little memory?"),
        {"worker": "2", "problem": "died twice on rows 1 to 9"},
        ["worker 2", "rows 1 to 9", "too little memory?"],
    ),
    (
        errors.NumericalError("8b", "vectors"),
        {"model": "8b", "what": "vectors"},
        ["8b", "vectors", "not finite", "bf16 or fp32"],
    ),
    (
        errors.MissingPackageError("gguf", purpose="export to gguf", extra="export"),
        {"package": "gguf", "purpose": "export to gguf", "extra": "export"},
        ["export to gguf", "needs gguf", 'pip install "embedrank[export]"'],
    ),
    (
        errors.ExportCheckError(
            "onnx", dtype="int8", runtime="runtime 1", problem="cosine 0.9", tolerance=0.98, hint="take fp32"
        ),
        {"export_format": "onnx", "dtype": "int8", "runtime": "runtime 1", "problem": "cosine 0.9", "tolerance": 0.98},
        ["onnx", "int8", "runtime 1", "cosine 0.9", "nothing was kept", "take fp32"],
    ),
    (
        errors.ExportRunError("onnx", problem="unknown operator"),
        {"export_format": "onnx", "problem": "unknown operator"},
        ["onnx", "unknown operator", "nothing was kept", "another dtype"],
    ),
    (
        errors.GeneratorStoppedError("qwen3-32b", reason="budget", detail="5.00 USD are spent"),
        {"generator": "qwen3-32b", "reason": "budget", "detail": "5.00 USD are spent"},
        ["qwen3-32b", "budget: 5.00 USD are spent", "what is done is kept", "run it again"],
    ),
    (
        errors.EndpointError("http://h/v1", "answered with 3 vectors for 4 texts", hint="look at its log"),
        {"endpoint": "http://h/v1", "problem": "answered with 3 vectors for 4 texts"},
        ["http://h/v1", "3 vectors for 4 texts", "look at its log"],
    ),
    (
        errors.WorseModelError(Path("/r/refused"), metric="map", base="nano", lost={"old": (0.5, 0.25)}),
        {"model": Path("/r/refused"), "metric": "map", "base": "nano", "lost": {"old": (0.5, 0.25)}},
        ["map", "nano", "old 0.5000 to 0.2500", "/r/refused", "replay"],
    ),
    (
        errors.ModelUnavailableError("nano", "the folder is gone"),
        {"name": "nano", "problem": "the folder is gone"},
        ["nano", "folder is gone"],
    ),
    (errors.AccessDeniedError("no such key"), {"problem": "no such key"}, ["no such key", "Bearer"]),
    (
        errors.QuotaExceededError("tokens", limit=1000, retry_after_s=2.5),
        {"what": "tokens", "limit": 1000, "retry_after_s": 2.5},
        ["1000 tokens", "2.5 s"],
    ),
    (
        errors.NotServedError("index", hint="start the server with --index FOLDER"),
        {"what": "index"},
        ["no index is served", "--index"],
    ),
    (
        errors.ForeignOriginError("http://evil.example"),
        {"origin": "http://evil.example"},
        ["http://evil.example", "cors_origins"],
    ),
    (
        errors.StepFailedError("weak", code=2, problem="error: no rows", log=Path("/r/log.txt")),
        {"step": "weak", "code": 2, "problem": "error: no rows", "log": Path("/r/log.txt")},
        ["step weak", "exit code 2: no rows", "/r/log.txt", "goes on"],
    ),
    (
        errors.StepFailedError("weak", code=-9, problem="", log=Path("/r/log.txt")),
        {"code": -9},
        ["step weak", "signal 9 (its log"],
    ),
]


def _error_classes() -> set[type[EmbedrankError]]:
    members = inspect.getmembers(errors, inspect.isclass)
    return {cls for _, cls in members if issubclass(cls, EmbedrankError) and cls is not EmbedrankError}


def test_every_error_class_has_a_case_here() -> None:
    assert {type(error) for error, _, _ in CASES} == _error_classes()


@pytest.mark.parametrize(("error", "fields", "says"), CASES, ids=lambda value: type(value).__name__)
def test_an_error_carries_its_facts_as_fields_and_says_them(
    error: EmbedrankError, fields: dict[str, object], says: list[str]
) -> None:
    assert {name: getattr(error, name) for name in fields} == fields
    for words in says:
        assert words in str(error)


@pytest.mark.parametrize("error", [error for error, _, _ in CASES], ids=lambda error: type(error).__name__)
def test_a_message_is_one_line(error: EmbedrankError) -> None:
    assert str(error) and "\n" not in str(error)


@pytest.mark.parametrize(
    "error_class", [errors.InvalidInputError, errors.ConfigError, errors.TokenIdError], ids=lambda cls: cls.__name__
)
def test_what_a_caller_got_wrong_is_a_value_error_too(error_class: type[EmbedrankError]) -> None:
    assert issubclass(error_class, ValueError)


@pytest.mark.parametrize("error_class", [errors.MissingShardError, errors.MissingTensorError, errors.TensorShapeError])
def test_checkpoint_faults_can_be_caught_as_one(error_class: type[EmbedrankError]) -> None:
    assert issubclass(error_class, errors.CheckpointError)


def test_a_message_without_hint_or_line_leaves_no_empty_brackets() -> None:
    assert str(errors.InvalidInputError("query", "is empty")) == "query: is empty"
    assert str(errors.ModelNotFoundError("x", "is no preset")) == "model 'x': is no preset"
    assert str(errors.DatasetError("a.jsonl", "is empty")) == "a.jsonl: is empty"
