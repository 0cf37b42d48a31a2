"""One batch of source files: fetched, and made ready for the engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sparkify.errors import SourceError
from sparkify.source.compacted import Origin
from sparkify.source.files import SourceFile, is_skipped
from sparkify.source.inputs import Inputs
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.location import Content
from sparkify.source.parts import Layout, Part
from sparkify.source.prepare import Preparer
from sparkify.source.spool import Spool


@dataclass(slots=True)
class Prepared:
    """A batch whose files are on this machine, as parts that the engine reads."""

    spool: Spool
    """Of this batch; to be cleared when it is committed."""
    preparers: list[Preparer] = field(default_factory=list)
    unnamed: int = 0
    """Parts in compacted locations that no manifest names."""

    @property
    def parts(self) -> list[Part]:
        """What the engine reads, in the order of the files, so that what is loaded lies in order of time."""
        parts = [part for each in self.preparers for part in each.parts if part.sources]
        return sorted(parts, key=lambda part: (part.sources[0].file.modified, part.sources[0].file.url))

    @property
    def files(self) -> list[SourceFile]:
        """What was read, in the version that was read."""
        return [file for each in self.preparers for file in each.files]

    def doubt(self, parts: Collection[Part]) -> None:
        """Take parts back whose reading proved wrong, each to the preparer of its kind."""
        for preparer in self.preparers:
            preparer.doubt([part for part in parts if part.kind == preparer.layout.kind])

    @property
    def warnings(self) -> list[str]:
        """What went another way than one would expect."""
        told = []
        vanished = sorted(file.url for each in self.preparers for file in each.vanished)
        if vanished:
            count = "1 file" if len(vanished) == 1 else f"{len(vanished):,} files"
            told.append(f"{count} vanished after the listing, such as {vanished[0]}; nothing of that was loaded")
        if self.unnamed:
            told.append(
                f"{self.unnamed} parts that no manifest names were passed over; `sparkify compact` finishes them"
            )
        return told


@dataclass(slots=True)
class Work:
    """A batch as it was listed."""

    files: list[SourceFile]
    origins: dict[str, list[Origin] | None] = field(default_factory=dict)
    """For each part of a compacted location what in it is to be loaded; None when the manifest does not name it."""
    partial: set[str] = field(default_factory=set)
    """Parts that hold files which --skip names: they do not count as loaded."""

    def hold(self, part: SourceFile, origins: list[Origin] | None, skip: Collection[str]) -> None:
        """Note what of a part is to be loaded, but for what --skip names."""
        wanted = origins
        if origins is not None and skip:
            wanted = [origin for origin in origins if not is_skipped(origin.file.url, skip)]
            if len(wanted) < len(origins):
                self.partial.add(part.url)
        self.origins[part.url] = wanted

    def prepare(
        self,
        inputs: Inputs,
        spool: Spool,
        done: Callable[[int], None],
        reads: Callable[[SourceFile, JsonPaths | None], bool],
    ) -> Prepared:
        """Fetch the files, but for those that the engine reads where they lie, and sort them into parts.

        Runs in a thread and touches no warehouse. Raises SourceError.
        """
        ready = Prepared(spool, unnamed=sum(origins is None for origins in self.origins.values()))
        wanted = {url: origins for url, origins in self.origins.items() if origins}
        for kind, location in inputs.locations.items():
            mine = [file for file in self.files if file.kind == kind]
            paths = inputs.paths() if kind == "log" and mine else None
            preparer = Preparer(Layout(kind, paths), spool, done, inputs.stopping, location)
            wanted_here = [file for file in mine if self.origins.get(file.url, True)]
            direct = {file.url for file in wanted_here if file.url not in self.origins and reads(file, paths)}
            preparer.leave([file for file in wanted_here if file.url in direct])
            fetched = location.fetch([file for file in wanted_here if file.url not in direct], spool)
            preparer.add(self._as_listed(fetched, mine), wanted)
            # Parts of which everything is loaded need no look, but the ledger must know them.
            preparer.files += [file for file in mine if self.origins.get(file.url) == []]
            preparer.files = [file for file in preparer.files if file.url not in self.partial]
            ready.preparers.append(preparer)
        return ready

    def _as_listed(self, contents: Iterable[Content], files: list[SourceFile]) -> Iterator[Content]:
        """Hold parts of compacted locations to the version whose sources were looked up."""
        listed = {file.url: file for file in files if file.url in self.origins}
        for content in contents:
            if content.file != listed.get(content.file.url, content.file):
                raise SourceError(f"{content.file.url}: was rewritten while it was read; run again")
            yield content
