from pathlib import Path

import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.recipe.script_code import code_of


def test_the_modules_beside_a_script_are_its_code_and_so_are_theirs(tmp_path):
    files = {
        "run.py": "import os, one\nfrom parts import two\n",
        "one.py": "from parts.three import x\n",
        "parts/__init__.py": "",
        "parts/two.py": "",
        "parts/three.py": "",
        "unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [path.relative_to(tmp_path).as_posix() for path in code_of(tmp_path / "run.py")]
    assert found == ["one.py", "parts/__init__.py", "parts/three.py", "parts/two.py", "run.py"]


def test_the_scripts_of_the_bundled_models_bring_their_row_makers():
    nano = Path(__file__).parents[2] / "recipes" / "nano"
    names = {path.name for path in code_of(nano / "rows.py")}
    assert {"rows.py", "weak.py", "contamination.py"} <= names and "train_reranker.py" not in names


def test_what_is_no_python_is_refused(tmp_path):
    (tmp_path / "run.py").write_text("def (")
    with pytest.raises(InvalidInputError, match="no Python"):
        code_of(tmp_path / "run.py")
