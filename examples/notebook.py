"""Three questions to the warehouse, as a marimo notebook: plain Python, a cell a function.

    sparkify demo && marimo edit examples/notebook.py

It asks the warehouse that SPARKIFY_WAREHOUSE names, else the demo's.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Three questions to the warehouse")


@app.cell
def _():
    import os

    import marimo as mo

    from sparkify import queries
    from sparkify.charts import chart
    from sparkify.cli_support import reading, settings_for

    return chart, mo, os, queries, reading, settings_for


@app.cell
def _(chart, mo, os, queries, reading, settings_for):
    demo = f"duckdb:///{mo.notebook_dir().parent / 'demo' / 'sparkify.duckdb'}"
    settings = settings_for(warehouse=os.environ.get("SPARKIFY_WAREHOUSE") or demo)

    def ask(name, **values):
        """What a named query answers. The file is open for that long only: nobody's load has to wait."""
        with reading(settings, attach=False) as warehouse:
            return queries.answer(warehouse, name, values)

    def show(name, answer):
        """The question, its chart, and its rows below."""
        query = queries.named_query(name)
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        drawn = chart(query, answer) if rows else "Nothing to show."
        return mo.vstack([mo.md(f"## {query.question}"), drawn, mo.accordion({"Rows": mo.ui.table(rows)})])

    return ask, show


@app.cell
def _(mo):
    level = mo.ui.dropdown(["all", "free", "paid"], value="all", label="Tier at the time of the play")
    mo.vstack([mo.md("# Three questions to the warehouse"), level])
    return (level,)


@app.cell
def _(ask, level, show):
    played = ask("top-songs", level=level.value)
    show("top-songs", played)
    return (played,)


@app.cell
def _(ask, level, show):
    hours = ask("plays-by-weekday", level=level.value)
    show("plays-by-weekday", hours)
    return (hours,)


@app.cell
def _(ask, level, show):
    wanted = ask("missing-songs", level=level.value, limit="10")
    show("missing-songs", wanted)
    return (wanted,)


if __name__ == "__main__":
    app.run()
