"""A stand-in for Amazon Redshift: its dialect, its COPY and its surprises, over the wire protocol.

`tests.redshift.standin.StandIn` is what tests use. Behind it is an embedded PostgreSQL and a proxy that speaks the
protocol of the real driver, turns the SQL of Redshift into that of PostgreSQL, refuses what Redshift refuses and does
COPY and UNLOAD itself. Where the documentation of Redshift leaves open what happens, the stand-in does what is worse for
a loader that hopes; `tests.redshift.standin` lists these choices.
"""
