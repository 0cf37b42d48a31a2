"""The commands that only ask: `query`, `sql`, `dashboard` and `report`."""

from __future__ import annotations

from typing import Annotated

import typer

from sparkify.cli_options import FormatOption, Output, WarehouseOption
from sparkify.cli_support import file_for, opened, reading, settings_for
from sparkify.stopping import stoppable
from sparkify.terminal import say

asking = typer.Typer()


@asking.command()
def query(
    name: Annotated[str | None, typer.Argument(help="Name of the query; none lists them")] = None,
    warehouse: WarehouseOption = None,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", metavar="KEY=VALUE", help="Set a parameter; may repeat")
    ] = None,
    form: FormatOption = "table",
    output: Output = None,
    show_sql: Annotated[bool, typer.Option("--sql", help="Print the statement instead of running it")] = False,
) -> None:
    """Answer a named query; no name lists them.

    Example: sparkify query most-played-song -p limit=3
    """
    from sparkify import output as paper
    from sparkify import queries

    if name is None:
        for line in queries.catalogue():
            say(line)
        return
    given = queries.settings(queries.named_query(name), parameters or [])
    settings = settings_for(warehouse=warehouse)
    if show_sql:
        # Most need no warehouse for that.
        with reading(settings, attach=False) if queries.asks_first(name) else opened(settings) as house:
            say(queries.statement(house, name, given) + ";")
        return
    with file_for(output, settings) as path:
        paper.check_form(form, path, settings.warehouse)
        with reading(settings, attach=False) as house:
            answer = queries.answer(house, name, given)
        paper.write_answer(answer, form, path, bar=queries.named_query(name).drawing.measure)


@asking.command()
def dashboard(
    warehouse: WarehouseOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's can then see all")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on")] = 8501,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser")] = True,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where a proxy with a login shows the page to others")
    ] = None,
) -> None:
    """Show what people listen to, as a page on this machine. Ctrl-C ends it.

    Example: sparkify dashboard --warehouse duckdb:///demo/sparkify.duckdb
    """
    from sparkify.dashboard.launcher import serve

    settings = settings_for(warehouse=warehouse)
    with reading(settings, attach=False):
        pass  # a missing warehouse shows here, not on the page
    serve(settings, host=host, port=port, open_browser=browser, public_url=public_url)


@asking.command()
def report(
    path: Annotated[str, typer.Argument(metavar="FILE.html", help="The file to write, or s3://…")],
    warehouse: WarehouseOption = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("-p", metavar="KEY=VALUE", help="start=, end=, level= or place=; may repeat"),
    ] = None,
) -> None:
    """Write charts and numbers of a range of days as one file that needs nothing else.

    Example: sparkify report november.html -p start=2018-11-01 -p end=2018-11-30
    """
    from sparkify import queries, views
    from sparkify.report import write_report
    from sparkify.warehouse import check_not_warehouse

    given = queries.settings(queries.named_query(views.OVERVIEW), parameters or [])
    settings = settings_for(warehouse=warehouse)
    with stoppable(), file_for(path, settings, "report") as file, reading(settings, attach=False) as house:
        assert file is not None
        check_not_warehouse("FILE", file, settings.warehouse)
        write_report(house, file, given)
    say(f"wrote {path}")


@asking.command()
def sql(
    statement: Annotated[str, typer.Argument(metavar="SELECT", help="One SELECT")],
    warehouse: WarehouseOption = None,
    form: FormatOption = "table",
    output: Output = None,
) -> None:
    """Ask anything, read-only: no write, no file, no network.

    Example: sparkify sql "SELECT level, COUNT(*) FROM songplays GROUP BY level"
    """
    from sparkify import output as paper

    settings = settings_for(warehouse=warehouse)
    with file_for(output, settings) as path:
        paper.check_form(form, path, settings.warehouse)
        with reading(settings, attach=False) as house:
            answer = house.ask(statement)
        paper.write_answer(answer, form, path)
