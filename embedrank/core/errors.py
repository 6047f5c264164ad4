"""The one error tree. Every error carries its facts as fields and says what was wrong, where, and what to do.

The command line prints `str(error)` as one line and exits with 2; servers map the classes to HTTP status codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


class EmbedrankError(Exception):
    """Root of all errors that a user can cause or repair."""


class InvalidInputError(EmbedrankError, ValueError):
    """A value handed in by the caller cannot be used."""

    def __init__(self, what: str, problem: str, *, hint: str = "") -> None:
        self.what = what
        self.problem = problem
        self.hint = hint
        super().__init__(f"{what}: {problem}" + (f" ({hint})" if hint else ""))


class ConfigError(EmbedrankError, ValueError):
    """A field of a configuration is unknown, out of range or unsound beside another."""

    def __init__(self, component: str, field: str, value: object, limit: str) -> None:
        self.component = component
        self.field = field
        self.value = value
        self.limit = limit
        super().__init__(f"{component}.{field} = {value!r}: {limit}")


class TokenIdError(EmbedrankError, ValueError):
    """A token id lies outside the model's embedding table."""

    def __init__(self, token_id: int, *, position: int, table_size: int) -> None:
        self.token_id = token_id
        self.position = position
        self.table_size = table_size
        super().__init__(
            f"token id {token_id} at position {position} is outside the embedding table of {table_size} rows "
            "(the text or the client used tokens that this model does not have)"
        )


class TooLargeError(InvalidInputError):
    """A request that could never be taken on, however idle the engine is."""

    def __init__(self, what: str, *, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(what, f"{size} are more than the {limit} of one request", hint="send it in parts")


class OverloadedError(EmbedrankError):
    """As much is in flight as may be; the same request can be taken on later."""

    def __init__(self, what: str, *, in_flight: int, limit: int, retry_after_s: float) -> None:
        self.what = what
        self.in_flight = in_flight
        self.limit = limit
        self.retry_after_s = retry_after_s
        super().__init__(f"overloaded: {in_flight} of {limit} {what} in flight (try again in {retry_after_s:g} s)")


class DeadlineExceededError(EmbedrankError):
    """A request was not answered within the time its caller gave it; what was not yet computed of it never is."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(f"no answer within {timeout_s:g} s (give it more time, or send less at once)")


class EngineClosedError(EmbedrankError):
    """The engine was closed by its owner."""

    def __init__(self) -> None:
        super().__init__("the engine is closed (it answers nothing any more; make a new one)")


class EngineFailedError(EmbedrankError):
    """One of the engine's threads died, so that nothing can be computed any more."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the engine has failed: {problem} (it answers nothing any more; make a new one)")


class ComputeError(EmbedrankError):
    """The model failed on a batch for a reason that is not the caller's."""

    def __init__(self, model: str, problem: str) -> None:
        self.model = model
        self.problem = problem
        super().__init__(f"model {model} failed on a batch: {problem}")


class ModelNotFoundError(EmbedrankError):
    """A model name is neither a preset, nor a folder, nor a hub id that can be fetched."""

    def __init__(self, name: str, problem: str, *, hint: str = "") -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"model {name!r}: {problem}" + (f" ({hint})" if hint else ""))


class CheckpointError(EmbedrankError):
    """A checkpoint folder is there but cannot be loaded."""

    def __init__(self, path: Path | str, problem: str, *, hint: str = "") -> None:
        self.path = str(path)
        self.problem = problem
        super().__init__(f"checkpoint {path}: {problem}" + (f" ({hint})" if hint else ""))


class OppositeVectorsError(EmbedrankError):
    """The directions of tensors to be averaged on a sphere cancel, so that none lies between them."""

    def __init__(self, cosine: float, *, tensor: str = "") -> None:
        self.cosine = cosine
        self.tensor = tensor
        of = f" of {tensor}" if tensor else ""
        super().__init__(
            f"the directions of the parents{of} are opposite or cancel (least cosine {cosine:.6f}), so that none lies "
            "between them; merge by linear instead"
        )


class MissingShardError(CheckpointError):
    """The index of a sharded checkpoint names a file that is not there."""

    def __init__(self, path: Path | str, shard: str) -> None:
        self.shard = shard
        super().__init__(path, f"shard {shard} is missing", hint="download the folder again; it is incomplete")


class MissingTensorError(CheckpointError):
    """Tensors that the architecture needs are in none of the files."""

    def __init__(self, path: Path | str, tensors: Sequence[str]) -> None:
        self.tensors = tuple(tensors)
        shown = ", ".join(self.tensors[:3]) + (f" and {len(self.tensors) - 3} more" if len(self.tensors) > 3 else "")
        super().__init__(path, f"no weights for {shown}", hint="config.json and the weights do not belong together")


class TensorShapeError(CheckpointError):
    """A stored tensor has another shape than config.json asks for."""

    def __init__(self, path: Path | str, tensor: str, *, expected: Sequence[int], found: Sequence[int]) -> None:
        self.tensor = tensor
        self.expected = tuple(expected)
        self.found = tuple(found)
        super().__init__(
            path,
            f"{tensor} has shape {list(found)} but config.json asks for {list(expected)}",
            hint="config.json and the weights do not belong together",
        )


class IndexNotFoundError(EmbedrankError):
    """There is no index at the given place."""

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        super().__init__(f"no index at {path} (make one with: embedrank index PATH... --to {path})")


class IndexMismatchError(EmbedrankError):
    """An index was built with other settings than those it is opened with."""

    def __init__(self, path: Path | str, field: str, *, stored: object, given: object) -> None:
        self.path = str(path)
        self.field = field
        self.stored = stored
        self.given = given
        super().__init__(
            f"index {path} was built with {field} {stored!r}, not {given!r} "
            "(open it with the model it was built with, or build a new index)"
        )


class DocumentReadError(EmbedrankError):
    """One file could not be turned into text; the run goes on without it."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = str(path)
        self.problem = problem
        super().__init__(f"{path}: {problem}")


class StorageError(EmbedrankError):
    """The store could not write or read: disk full, permission denied, corrupt file."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = str(path)
        self.problem = problem
        super().__init__(f"{path}: {problem}")


class DatasetError(EmbedrankError):
    """An evaluation or training set is missing, malformed or empty."""

    def __init__(self, path: Path | str, problem: str, *, line: int | None = None) -> None:
        self.path = str(path)
        self.problem = problem
        self.line = line
        super().__init__(f"{path}{f' line {line}' if line is not None else ''}: {problem}")


class NumericalError(EmbedrankError):
    """A model returned numbers that are not finite."""

    def __init__(self, model: str, what: str) -> None:
        self.model = model
        self.what = what
        super().__init__(
            f"model {model} returned {what} that are not finite (half precision overflows; use bf16 or fp32)"
        )


class ResumeError(EmbedrankError):
    """What an unfinished run began with and what it is to go on with are not the same."""

    def __init__(self, path: Path | str, differences: Sequence[str]) -> None:
        self.path = str(path)
        self.differences = tuple(differences)
        super().__init__(
            f"{path} holds an unfinished run, and it cannot go on: {'; '.join(self.differences)} "
            "(begin anew with --restart)"
        )


class WorkerError(EmbedrankError):
    """A process that computed vectors failed or died."""

    def __init__(self, worker: str, problem: str, *, hint: str = "") -> None:
        self.worker = worker
        self.problem = problem
        super().__init__(f"worker {worker}: {problem}" + (f" ({hint})" if hint else ""))


class MissingPackageError(EmbedrankError):
    """Something was asked for that needs a library which is not installed."""

    def __init__(self, package: str, *, purpose: str, extra: str) -> None:
        self.package = package
        self.purpose = purpose
        self.extra = extra
        super().__init__(f'{purpose} needs {package}, which is not installed (pip install "embedrank[{extra}]")')


class WorseModelError(EmbedrankError):
    """A trained model is worse than the one it was made from on a set that it must not lose on."""

    def __init__(self, model: Path, *, metric: str, base: str, lost: Mapping[str, tuple[float, float]]) -> None:
        self.model = model
        self.metric = metric
        self.base = base
        self.lost = dict(lost)
        told = ", ".join(f"{name} {before:.4f} to {after:.4f}" for name, (before, after) in lost.items())
        super().__init__(
            f"the new model is worse than {base} in {metric} ({told}) and was not taken; it lies in {model} "
            "(replay more old rows, train fewer steps at a lower rate, or raise the gate's tolerance)"
        )


class ExportCheckError(EmbedrankError):
    """An exported model, read back and run, does not answer like the model it was made from."""

    def __init__(
        self, export_format: str, *, dtype: str, runtime: str, problem: str, tolerance: float, hint: str
    ) -> None:
        self.export_format = export_format
        self.dtype = dtype
        self.runtime = runtime
        self.problem = problem
        self.tolerance = tolerance
        super().__init__(
            f"export to {export_format} ({dtype}) failed its check in {runtime}: {problem}; nothing was kept ({hint})"
        )


class ExportRunError(EmbedrankError):
    """An exported model does not run in the runtime that it was written for."""

    def __init__(self, export_format: str, *, problem: str) -> None:
        self.export_format = export_format
        self.problem = problem
        super().__init__(
            f"export to {export_format} does not run: {problem}; nothing was kept (try another dtype; "
            "if that fails too, report it with the versions of the libraries)"
        )


class GeneratorStoppedError(EmbedrankError):
    """A text generator answers no more for now: its budget is spent, or it cannot be reached."""

    def __init__(self, generator: str, *, reason: str, detail: str = "") -> None:
        self.generator = generator
        self.reason = reason
        self.detail = detail
        super().__init__(
            f"generator {generator} answers no more: {reason}" + (f": {detail}" if detail else "") + " "
            "(what is done is kept; raise the budget or see to the endpoint, and run it again)"
        )


class EndpointError(EmbedrankError):
    """An endpoint of embeddings or rankings gave no answer, or one that cannot be used."""

    def __init__(self, endpoint: str, problem: str, *, hint: str = "") -> None:
        self.endpoint = endpoint
        self.problem = problem
        super().__init__(f"endpoint {endpoint}: {problem}" + (f" ({hint})" if hint else ""))


class ModelUnavailableError(EmbedrankError):
    """A model that is served cannot be loaded now, for a reason that is not the caller's."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"model {name!r} cannot be loaded: {problem} (whoever runs the server has to see to it)")


class AccessDeniedError(EmbedrankError):
    """A caller named no key, or one that is not known."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"{problem} (send it as: Authorization: Bearer KEY)")


class QuotaExceededError(EmbedrankError):
    """A caller has used up what its key may use in a minute."""

    def __init__(self, what: str, *, limit: float, retry_after_s: float) -> None:
        self.what = what
        self.limit = limit
        self.retry_after_s = retry_after_s
        super().__init__(f"more than {limit:g} {what} a minute with this key (try again in {retry_after_s:g} s)")


class NotServedError(EmbedrankError):
    """Something was asked for that this server was not set up with."""

    def __init__(self, what: str, *, hint: str) -> None:
        self.what = what
        super().__init__(f"no {what} is served here ({hint})")


class ForeignOriginError(EmbedrankError):
    """A page of another origin tried to change something, as a page that means harm would."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(f"pages of {origin} may not change anything here (allow it under access.cors_origins)")


class StepFailedError(EmbedrankError):
    """The command of a recipe's step failed."""

    def __init__(self, step: str, *, code: int, problem: str, log: Path) -> None:
        self.step = step
        self.code = code
        self.problem = problem
        self.log = log
        how = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
        super().__init__(
            f"step {step} {how}" + (f": {problem.removeprefix('error: ')}" if problem else "") + f" (its log: {log}; "
            "the same command goes on from here)"
        )
