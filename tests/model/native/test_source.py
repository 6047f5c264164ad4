"""How the kernels come: built once, in the background, kept; and plain PyTorch wherever that cannot be."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from embedrank.model.native import source as source_file
from embedrank.model.native.kernels import Kernels
from embedrank.model.native.norm import NativeRMSNorm
from embedrank.model.native.source import KernelSource
from embedrank.model.native.toolchain import build_name
from embedrank.model.norm import RMSNorm


def failing(tmp_path: Path, script: str) -> Path:
    path = tmp_path / "gcc"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def works(kernels: Kernels | None) -> bool:
    assert kernels is not None
    with torch.inference_mode():
        return torch.allclose(kernels.norm(torch.ones(3, 40), torch.ones(40), 0.0), torch.ones(3, 40))


def test_a_build_is_made_once_and_kept(tmp_path: Path, compiler: Path) -> None:
    first = KernelSource(folder=lambda: tmp_path)
    assert works(first.wait())
    assert [path.name for path in tmp_path.iterdir()] == [build_name(compiler)]
    second = KernelSource(folder=lambda: tmp_path)
    second.start()
    assert works(second.ready()), "a kept build is there at once"


def test_nobody_waits_for_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: Path) -> None:
    may_end = threading.Event()

    def slow_build(compiler: Path, target: Path) -> None:
        assert may_end.wait(timeout=60)
        raise source_file.BuildError("given up")

    monkeypatch.setattr(source_file, "build", slow_build)
    source = KernelSource(folder=lambda: tmp_path)
    norm = NativeRMSNorm(RMSNorm(40, eps=1e-6), source)
    source.start()
    states = torch.randn(3, 40)
    with torch.inference_mode():
        assert torch.equal(norm(states), RMSNorm(40, eps=1e-6)(states))
    assert source.ready() is None and source.obstacle() is None
    may_end.set()
    assert source.wait() is None and "given up" in (source.obstacle() or "")


@pytest.mark.parametrize("script", ["echo 'no such flag' >&2; exit 1", "exit 0"], ids=["fails", "writes nothing"])
def test_a_compiler_that_fails_is_told_of_and_plain_pytorch_goes_on(
    tmp_path: Path, script: str, caplog: pytest.LogCaptureFixture, compiler: Path
) -> None:
    broken = failing(tmp_path, script)
    (tmp_path / "kept").mkdir()
    source = KernelSource(folder=lambda: tmp_path / "kept", compiler=lambda: broken)
    with caplog.at_level(logging.WARNING):
        assert source.wait() is None
    assert "could not be built" in caplog.text and "could not be built" in (source.obstacle() or "")
    assert not list((tmp_path / "kept").iterdir())


def test_without_a_compiler_there_is_an_obstacle_and_nothing_is_tried() -> None:
    source = KernelSource(compiler=lambda: None)
    source.start()
    assert source.wait() is None
    assert "needs GCC" in (source.obstacle() or "")


def test_a_damaged_build_is_built_again(tmp_path: Path, compiler: Path) -> None:
    (tmp_path / build_name(compiler)).write_bytes(b"no library")
    assert works(KernelSource(folder=lambda: tmp_path).wait())


def test_a_folder_that_cannot_be_written_costs_a_build_a_process(tmp_path: Path, compiler: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    def folder() -> Path:
        in_the_way.mkdir()  # fails as on a read-only disk, which a test run by root cannot have
        return in_the_way

    assert works(KernelSource(folder=folder).wait())
    assert list(tmp_path.iterdir()) == [in_the_way]


def test_processes_that_build_at_once_end_with_one_good_build(tmp_path: Path, compiler: Path) -> None:
    program = (
        "import sys, torch; from pathlib import Path; from embedrank.model.native.source import KernelSource\n"
        "sys.exit(KernelSource(folder=lambda: Path(sys.argv[1])).wait() is None)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, str(tmp_path)]
    processes = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == [build_name(compiler)]
    source = KernelSource(folder=lambda: tmp_path)
    source.start()
    assert works(source.ready())


def test_another_compiler_or_another_version_of_it_makes_another_build(tmp_path: Path, compiler: Path) -> None:
    mine = failing(tmp_path, "exit 1")
    name = build_name(mine)
    assert build_name(compiler) != name
    mine.write_text("#!/bin/sh\nexit 2 \n")
    assert build_name(mine) != name
