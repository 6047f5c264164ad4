"""One tensor of all parents: nothing of its whole size is made on the way, by any method."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from embedrank.training.merge import parents as parents_module
from embedrank.training.merge.combine import combine
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.methods import METHODS, NEED_BASE
from embedrank.training.merge.parents import Parents

PART, SIZE = 50_000, 600_000  # a part is more than the counts of ties, far less than the tensor


class OneTensor:
    """A checkpoint of one tensor."""

    folder = "memory"

    def __init__(self, seed):
        generator = torch.Generator().manual_seed(seed)
        self._tensor = torch.randn(SIZE // 300, 300, generator=generator).bfloat16()

    def tensor(self, name):
        return self._tensor


class Whole(TorchDispatchMode):
    """Notes operations that make something larger than the parts of all parents in memory of its own."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        places = {arg.untyped_storage().data_ptr() for arg in args if isinstance(arg, torch.Tensor)}
        for each in result if isinstance(result, tuple) else (result,):
            is_large = isinstance(each, torch.Tensor) and each.numel() > 3 * PART
            if is_large and each.untyped_storage().data_ptr() not in places:
                self.seen.append(str(func))
        return result


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("with_base", [False, True])
def test_only_the_result_has_the_size_of_the_tensor(method, with_base, monkeypatch):
    if method in NEED_BASE and not with_base:
        pytest.skip("the method needs a base")
    monkeypatch.setattr(parents_module, "PART", PART)
    base = OneTensor(9) if with_base else None
    parents = Parents(parents=(OneTensor(1), OneTensor(2), OneTensor(3)), base=base, names=("w",), notes=())
    with Whole() as whole:
        merged = combine(parents, "w", MergeConfig(method=method, base="base" if with_base else None))
    assert merged.shape == parents.first.tensor("w").shape
    assert whole.seen == ["aten.empty.memory_format"]
