"""What a harsh world does to a load: `make torture` runs it at length, `make test` a small form of it.

files.py      files made of bent lines, loaded by the thousand and held against tests/reference.py
bending.py    how lines, files and archives are bent
holding.py    one load, and where it differs from the reference
shrinking.py  from a load that differs to the smallest file that does
corpus.py     what was ever found, with what has to become of it
"""
