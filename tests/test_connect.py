"""Other tools on the warehouse: the file they can open, the page that says how, and the notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import chdir, closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from sparkify import queries
from sparkify.cli_support import reading, settings_for
from sparkify.errors import WarehouseError
from sparkify.sql_queries import TABLES
from sparkify.warehouse import Warehouse, open_warehouse
from sparkify.warehouse.duckdb import STORAGE
from tests import redshift_house
from tests.command import ask, event, finish, inside, song, start_python, write_json
from tests.redshift_house import Cluster

pytest_plugins = ("tests.engines",)

cluster = redshift_house.cluster

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
PYTHON: list[str] = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
[GRANTS] = re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def load(folder: Path) -> None:
    inside(folder, "etl", "--song-data", "song_data", "--log-data", "log_data").ok()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `sparkify.duckdb` and `parquet/`: six plays, two of them of songs that the catalogue lacks."""
    folder = tmp_path_factory.mktemp("company")
    write_json(folder / "song_data" / "songs.json", [song(), song(song_id="SO2", title="The Other Song")])
    write_json(
        folder / "log_data" / "events.json",
        [
            *(event(ts=1541106106796 + 1000 * n, itemInSession=n, level=("free", "paid")[n % 2]) for n in range(3)),
            event(ts=1541110000000, song="The Other Song", level="paid"),
            *(event(ts=1541120000000 + 1000 * n, song="Nobody Has It", artist="Unknown") for n in range(2)),
        ],
    )
    load(folder)
    inside(folder, "export", "parquet").ok()
    return folder


# -- the file -----------------------------------------------------------------------------------------


def storage(path: Path) -> str:
    """The version of the format of a file, as DuckDB tells it."""
    with duckdb.connect() as engine:
        engine.execute(f"attach '{path}' as file (read_only)")
        [(tags,)] = engine.execute("select tags from duckdb_databases() where database_name = 'file'").fetchall()
    version: str = tags["storage_version"]
    return version.removesuffix("+")


def test_a_new_file_has_the_format_that_older_clients_read(company: Path) -> None:
    assert storage(company / "sparkify.duckdb") == STORAGE == "v1.4.0"
    # What a client looks at before anything else: 64 to 67 is what DuckDB 1.4 takes.
    assert int.from_bytes((company / "sparkify.duckdb").read_bytes()[12:20], "little") == 67


@pytest.mark.parametrize("version", ["v1.0.0", "v1.4.0", "v1.5.0", "v2.0.0"])
def test_a_file_that_is_there_keeps_its_format(tmp_path: Path, version: str) -> None:
    with duckdb.connect() as engine:
        engine.execute(f"attach '{tmp_path / 'sparkify.duckdb'}' as file (storage_version '{version}')")
        engine.execute("create table file.notes as select 'ours' as text")
    write_json(tmp_path / "song_data" / "one.json", [song()])
    write_json(tmp_path / "log_data" / "one.json", [event()])
    load(tmp_path)
    assert storage(tmp_path / "sparkify.duckdb") == version
    assert inside(tmp_path, "query", "most-played-song", "--format", "csv").ok().out == "title,play_count\nThe Song,1\n"
    assert ask(tmp_path, "from notes") == [("ours",)]


def test_the_format_stays_through_later_loads_and_a_full_refresh(tmp_path: Path) -> None:
    write_json(tmp_path / "song_data" / "one.json", [song()])
    write_json(tmp_path / "log_data" / "one.json", [event()])
    load(tmp_path)
    write_json(tmp_path / "log_data" / "two.json", [event(ts=1541200000000)])
    load(tmp_path)
    inside(tmp_path, "etl", "--full-refresh", "--song-data", "song_data", "--log-data", "log_data").ok()
    assert storage(tmp_path / "sparkify.duckdb") == STORAGE


# -- the page -----------------------------------------------------------------------------------------


def run(snippet: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "snippet"}
    exec(compile(snippet, "docs/connect.md", "exec"), names)
    return names


def snippet(*words: str) -> str:
    """The one that has these words."""
    [found] = [text for text in PYTHON if all(word in text for word in words)]
    return found


def test_every_snippet_is_looked_at_below() -> None:
    assert len(PYTHON) == 6


def test_a_copy_holds_everything_in_the_older_format(company: Path) -> None:
    with chdir(company):
        for _ in range(2):  # again over itself
            run(snippet("copy from database"))
    assert storage(company / "copy.duckdb") == STORAGE
    for table in TABLES:
        select = f"select * from {table} order by all"
        assert ask(company, select, database="copy.duckdb") == ask(company, select)
    assert not (company / "copy.new").exists()


def test_python_reads_the_file(company: Path) -> None:
    with chdir(company):
        assert sorted(run(snippet("fetchall()", "read_only"))["plays"]) == [("free", 4), ("paid", 2)]  # type: ignore[call-overload]
        assert list(run(snippet("nlargest"))["busiest"]) == [4, 2]  # type: ignore[call-overload]


def test_polars_reads_the_file(company: Path) -> None:
    with chdir(company):
        busiest = run(snippet("import polars"))["busiest"]
    assert busiest["len"].to_list() == [4, 2]  # type: ignore[index]


def test_python_reads_what_was_exported(company: Path) -> None:
    with chdir(company):
        assert run(snippet("parquet/songplays.parquet"))["plays"] == [("The Song", 3), ("The Other Song", 1)]


def test_python_asks_by_name(company: Path) -> None:
    with chdir(company):
        top = run(snippet("queries.answer"))["top"]
    assert top[["title", "plays"]].values.tolist() == [["The Other Song", 1], ["The Song", 1]]  # type: ignore[index]


@pytest.mark.parametrize("name", ["top-songs", "by-device"])
def test_a_printed_statement_answers_in_any_tool(company: Path, name: str) -> None:
    printed = inside(company, "query", name, "--sql").ok().out
    with reading(settings_for(warehouse=f"duckdb:///{company / 'sparkify.duckdb'}"), attach=False) as house:
        assert ask(company, printed) == queries.answer(house, name).rows != []


def test_commands_of_the_page_do(company: Path) -> None:
    lines = [line.strip() for line in PAGE.splitlines() if line.startswith("    sparkify ")]
    assert len(lines) == 5
    for line in lines:
        words = re.findall(r'"[^"]*"|\S+', line.replace("HOST/", "reader@localhost/"))
        inside(company, *(word.strip('"') for word in words[1:])).ok()
    assert (company / "top-songs.csv").read_text(encoding="utf-8").splitlines()[0].startswith("song_id,title,")


def test_a_reader_on_redshift_can_ask_everything_and_change_nothing(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.house() as house:
        house.load()
        address = house.address.replace(f"//{house.standin.user}@", "//dashboards@")
        process = house.process(tmp_path, warehouse=address)

        @contextmanager
        def reader() -> Iterator[Warehouse]:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(house.standin, "user", "dashboards")  # the stand-in lets one user in
                with closing(open_warehouse(house.settings(warehouse=address))) as warehouse:
                    yield warehouse

        try:
            house.ask(*filter(None, map(str.strip, GRANTS.split(";"))))
            with reader() as warehouse:
                for query in queries.queries():
                    assert queries.answer(warehouse, query.name).columns, query.name
            for statement in (
                "select * from staging_events",
                "select * from etl_rejects",
                "select * from sparkify_work.run_lock",
                "delete from songplays",
                "create table public.mine (a int)",
                "drop table songplays",
            ):
                with reader() as warehouse, pytest.raises(WarehouseError, match=r"permission denied|must be owner"):
                    warehouse.execute(statement)
            house.load(full_refresh=True)
            with reader():
                process.inside("query", "top-songs").ok()
                process.inside("report", "all.html").ok()
                refused = process.inside("sql", "select count(*) from etl_rejects").failed(2)
                assert "permission denied" in refused
                assert "grant it" in refused
            house.ask("revoke select on etl_settings from dashboards")
            with reader():
                refused = process.inside("query", "top-songs").failed(1)
                assert "permission denied for table etl_settings" in refused
                assert "grant it" in refused
        finally:
            house.ask("drop owned by dashboards", "drop user dashboards")


# -- the notebook -------------------------------------------------------------------------------------

NOTEBOOK = ROOT / "examples" / "notebook.py"
QUESTIONS = {"played": "top-songs", "hours": "plays-by-weekday", "wanted": "missing-songs"}

RUN = f"""
import json, runpy
app = runpy.run_path({str(NOTEBOOK)!r})["app"]
shown, names = app.run()
texts = [each.text for each in shown if hasattr(each, "text")]
print(json.dumps([{{name: names[name].rows for name in {list(QUESTIONS)}}}, texts], default=str))
"""


@pytest.fixture
def marimo(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings with which marimo keeps to a folder of the test, and asks nobody for newer versions."""
    kept = {"HOME": str(tmp_path), "MARIMO_SKIP_UPDATE_CHECK": "1"} | {
        f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "CACHE", "STATE", "DATA")
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kept.items():
            patch.setenv(name, value)
        patch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
        yield kept


def test_the_notebook_answers_its_questions(company: Path, tmp_path: Path, marimo: dict[str, str]) -> None:
    url = f"duckdb:///{company / 'sparkify.duckdb'}"
    result = finish(start_python(tmp_path, "-c", RUN, warehouse=url)).ok()
    assert result.err == ""
    answers, shown = json.loads(result.out)
    with reading(settings_for(warehouse=url), attach=False) as house:
        for name, query in QUESTIONS.items():
            rows = queries.answer(house, query).rows
            assert answers[name] == [list(row) for row in rows] != []
            assert sum(queries.named_query(query).question in text for text in shown) == 1
    assert [row[1:4] for row in answers["played"]] == [
        ["The Song", "The Artist", 3],
        ["The Other Song", "The Artist", 1],
    ]
    assert [row[:3] for row in answers["wanted"]] == [["Nobody Has It", "Unknown", 2]]
    assert sum("vega" in text.lower() for text in shown) == len(QUESTIONS)
    assert [path.name for path in company.glob("sparkify.duckdb*")] == ["sparkify.duckdb"]


def test_the_notebook_is_as_marimo_wants_it(tmp_path: Path, marimo: dict[str, str]) -> None:
    done = finish(start_python(tmp_path, "-m", "marimo", "check", "--strict", NOTEBOOK))
    assert (done.exit_code, done.out, done.err) == (0, "", "")
