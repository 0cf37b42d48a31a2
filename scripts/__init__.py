"""Scripts for the engineers who maintain the project."""
