"""Runs of bulk encoding with the stand-in encoder, in this process or in one that is made to be killed."""

import os
import signal
import traceback
from pathlib import Path

from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.pool import ThisProcess
from embedrank.engine.bulk.run import encode_to_file
from embedrank.engine.bulk.source import TextSource
from tests.engine.bulk.fakes import load


def silent(told):
    return None


def bulk(files, out, *, pool=None, restart=False, tell=silent, how=load, source=None, **settings):
    """One run, to its end."""
    config = BulkConfig(**{"chunk_texts": 4, "commit_every_s": 0, **settings})
    source = source or TextSource([files] if isinstance(files, Path) else files)
    return encode_to_file(source, out, pool or ThisProcess(how, config), config, tell=tell, restart=restart)


def bytes_of(out):
    """The content of an output: of a folder, name to bytes."""
    return {p.name: p.read_bytes() for p in sorted(out.rglob("*"))} if out.is_dir() else out.read_bytes()


def killed_at(step, run):
    """Run in a child that is killed with SIGKILL at its n-th durable step; False where it ended before that."""
    child = os.fork()
    if child == 0:
        try:
            _kill_at(step)
            run()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, "the run failed by itself"
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _kill_at(step):
    import shutil

    done = 0

    def counted(function):
        def step_of_it(*arguments, **named):
            nonlocal done
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return step_of_it

    os.fsync = counted(os.fsync)
    shutil.rmtree = counted(shutil.rmtree)
    for name in ("replace", "rename", "unlink"):
        setattr(Path, name, counted(getattr(Path, name)))
