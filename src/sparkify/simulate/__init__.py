"""The event simulator: raw files of an invented company, in the public layout.

company    the settings, and what a run wrote
words      invented names, one per number, and how text goes wrong on its way into a log
catalogue  the songs, one file each
repertoire the tracks that plays name: in the catalogue, nearly so, or not at all
pages      the pages of the app, and a stock of sessions that walk through them
crowd      the users: home, device, tier, how much they listen
clock      hours, weekdays and growth
traffic    events, block by block, in order of time
lines      events as JSON lines
logs       day files;  `dirt` has their dirty twin
"""

from sparkify.simulate.company import Company, Simulated
from sparkify.simulate.simulation import simulate

__all__ = ["Company", "Simulated", "simulate"]
