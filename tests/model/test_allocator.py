"""Freed memory stays with the process only where the C library can be told so."""

from __future__ import annotations

import platform

import pytest

from embedrank.model.allocator import keep_freed_memory


def test_glibc_is_told_and_says_so() -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("musl", "1.2"))
    assert not keep_freed_memory()
