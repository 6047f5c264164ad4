"""Cards are found in the table by the names that drivers give them."""

from __future__ import annotations

import pytest

from embedrank.model.gpu_peaks import peak_flops


@pytest.mark.parametrize(
    ("card", "dtype", "expected"),
    [
        ("NVIDIA H100 80GB HBM3", "bf16", 989.4e12),
        ("NVIDIA H100 PCIe", "fp16", 756e12),
        ("NVIDIA H200", "fp8", 1978.9e12),
        ("NVIDIA H200 NVL", "bf16", 835.5e12),
        ("NVIDIA A100-SXM4-80GB", "bf16", 312e12),
        ("NVIDIA L4", "bf16", 121e12),
        ("NVIDIA L40S", "bf16", 362e12),
        ("NVIDIA GeForce RTX 4090", "bf16", 165.2e12),
        ("NVIDIA A100-PCIE-40GB", "fp8", None),
        ("NVIDIA H100 80GB HBM3", "fp32", None),
        ("NVIDIA L40", "bf16", None),
        ("Some other card", "bf16", None),
    ],
)
def test_a_cards_peak_is_found_by_its_name(card: str, dtype: str, expected: float | None) -> None:
    assert peak_flops(card, dtype) == expected
