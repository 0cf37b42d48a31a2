"""`python -m sparkify` is the command `sparkify`."""

from sparkify.cli import door

if __name__ == "__main__":
    door()
