import pytest

from embedrank.core.errors import ComputeError, InvalidInputError, NumericalError
from embedrank.engine.isolation import breaks_device, is_out_of_memory, outcomes_of


def test_a_poisoned_text_fails_alone():
    tries = []

    def run(batch):
        tries.append(len(batch))
        if "poison" in batch:
            raise InvalidInputError("text", "is poison")
        return [text.upper() for text in batch]

    splits = []
    texts = ["a", "b", "poison", "c", "d", "e", "f", "g"]
    outcomes = outcomes_of(texts, run, model="m", on_split=lambda: splits.append(1))
    assert [outcome for outcome in outcomes if isinstance(outcome, str)] == ["A", "B", "C", "D", "E", "F", "G"]
    assert isinstance(outcomes[2], InvalidInputError)
    assert tries == [8, 4, 2, 2, 1, 1, 4] and len(splits) == 3


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        NumericalError("m", "vectors"),
    ],
)
def test_what_is_too_much_at_once_is_computed_in_parts(error):
    def run(batch):
        if len(batch) > 1:
            raise error
        return list(batch)

    assert outcomes_of([1, 2, 3], run, model="m") == [1, 2, 3]


def test_another_failure_answers_the_whole_batch_at_once():
    tries = []

    def run(batch):
        tries.append(batch)
        raise RuntimeError("the kernel\nis gone")

    outcomes = outcomes_of([1, 2], run, model="m")
    assert len(tries) == 1
    assert all(isinstance(outcome, ComputeError) for outcome in outcomes)
    assert "RuntimeError: the kernel" in str(outcomes[0]) and "\n" not in str(outcomes[0])
    assert isinstance(outcomes[0].__cause__, RuntimeError)


def test_a_broken_device_is_not_tried_again():
    def run(batch):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal memory"):
        outcomes_of([1, 2], run, model="m")


def test_running_out_of_memory_breaks_no_device():
    error = RuntimeError("CUDA error: out of memory")
    assert is_out_of_memory(error) and not breaks_device(error)


def test_a_model_that_gives_too_few_values_is_found_out():
    outcomes = outcomes_of([1, 2], lambda batch: [1], model="m")
    assert all("1 values for 2 entries" in str(outcome) for outcome in outcomes)
