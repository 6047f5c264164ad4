"""Where the kernels come from: a build of an earlier day at once, else one that is made in the background.

Nobody waits for a build who has not asked to: until it is there, and where it cannot be made, PyTorch computes.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from embedrank.model.native.kernels import Kernels
from embedrank.model.native.toolchain import BuildError, assets_folder, build, build_name, find_compiler, has_openmp

logger = logging.getLogger(__name__)


class KernelSource:
    """The kernels of a process, once they are there."""

    def __init__(
        self,
        *,
        folder: Callable[[], Path] = assets_folder,
        compiler: Callable[[], Path | None] = find_compiler,
    ) -> None:
        """Set the source up; nothing is built yet.

        Args:
            folder: Gives the folder that builds are kept in.
            compiler: Gives the compiler, or None where there is none.
        """
        self._folder, self._compiler = folder, compiler
        self._lock = threading.Lock()
        self._kernels: Kernels | None = None
        self._thread: threading.Thread | None = None
        self._obstacle: str | None = None
        self._started = False

    def obstacle(self) -> str | None:
        """Why there will be no kernels, as far as can be told without building; None where there may be."""
        if self._kernels is None and self._obstacle is None:
            if not has_openmp():
                self._obstacle = "needs Linux and a PyTorch with GNU OpenMP"
            elif self._compiler() is None:
                self._obstacle = "needs GCC, which is not installed"
        return self._obstacle

    def start(self) -> None:
        """Load the kernels, or begin to build them in the background if this machine has no build yet."""
        with self._lock:
            if self._started or self.obstacle():
                return
            self._started = True
            if not self._load_kept():
                self._thread = threading.Thread(target=self._build, name="embedrank-native-build")
                self._thread.start()

    def wait(self) -> Kernels | None:
        """Start, and wait for the end of the build."""
        self.start()
        if self._thread is not None:
            self._thread.join()
        return self._kernels

    def ready(self) -> Kernels | None:
        """The kernels if they are there by now."""
        return self._kernels

    def _load_kept(self) -> bool:
        try:
            library = self._library(self._folder())
            if library.is_file():
                self._kernels = Kernels(library)
        except (OSError, BuildError) as error:
            logger.info("no kept build of the kernels: %s", error)
        return self._kernels is not None

    def _build(self) -> None:
        try:
            try:
                self._kernels = self._built_in(self._folder())
            except OSError:  # a home that cannot be written: for this process only
                with tempfile.TemporaryDirectory(prefix="embedrank-") as folder:
                    self._kernels = self._built_in(Path(folder))
        except (OSError, BuildError) as error:
            self._obstacle = f"could not be built: {error}"
            logger.warning("the CPU kernels could not be built, PyTorch's are used instead: %s", error)

    def _built_in(self, folder: Path) -> Kernels:
        library = self._library(folder)
        build(self._found_compiler(), library)
        return Kernels(library)

    def _library(self, folder: Path) -> Path:
        return folder / build_name(self._found_compiler())

    def _found_compiler(self) -> Path:
        compiler = self._compiler()
        if compiler is None:
            raise BuildError("the compiler is gone")
        return compiler


KERNELS = KernelSource()
"""The kernels of this process."""
