"""The package: a wheel carries all it needs, modules keep to the arrows, nobody writes a book in one file."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "sparkify"
MODULES = sorted(SOURCE.rglob("*.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked where no checkout is."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_a_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    where = "import sparkify; print(sparkify.__file__)"
    run = [sys.executable, "-c", where]
    found = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(wheel)
    done = subprocess.run(
        [sys.executable, "-m", "sparkify", "demo", "--events", "300"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "3. sparkify query most-played-song" in done.stdout


def test_a_wheel_carries_every_statement_and_the_licence(wheel: Path) -> None:
    inside = {str(path.relative_to(wheel / "sparkify")) for path in (wheel / "sparkify").rglob("*.sql")}
    assert inside == {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.sql")}
    assert list(wheel.rglob("LICENSE"))
    assert (wheel / "sparkify" / "py.typed").exists()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_stays_readable(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 460, "about 400: it has found its second noun"


def imports(module: Path) -> set[str]:
    """The modules of ours that a module imports, wherever in its text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sparkify"):
            found.add(node.module)
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_arrows_point_down() -> None:
    for module in MODULES:
        name = str(module.relative_to(SOURCE))
        used = imports(module)
        if name not in ("__main__.py", "cli.py", "create_tables.py", "etl.py"):
            assert "sparkify.cli" not in used, name
        if name.startswith("source/"):
            assert not {i for i in used if i.startswith(("sparkify.warehouse", "sparkify.etl"))}, name
        if name.startswith("warehouse/"):
            assert not {i for i in used if i.startswith(("sparkify.etl", "sparkify.ledger", "sparkify.audit"))}, name
        if name.startswith("simulate/"):
            assert {i for i in used if not i.startswith("sparkify.simulate")} <= {"sparkify"}, name


def test_locks_name_hashes_and_no_address() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index-url" not in text
