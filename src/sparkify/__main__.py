"""`python -m sparkify` is the command `sparkify`."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; Ctrl-C while the program is being loaded ends it as it does later."""
    try:
        from sparkify.cli import door

        door()
    except KeyboardInterrupt:
        from sparkify.terminal import leave, stopped

        leave(stopped())


if __name__ == "__main__":
    main()
