"""Words that Redshift reserves. PostgreSQL takes many of them as names, so that is found out here."""

from __future__ import annotations

OWN = {
    "aes128", "aes256", "allowoverwrite", "az64", "backup", "blanksasnull", "bytedict", "bzip2", "credentials",
    "deflate", "defrag", "delta", "delta32k", "disable", "emptyasnull", "enable", "encrypt", "encryption", "explicit",
    "globaldict256", "globaldict64k", "gzip", "identity", "ignore", "lun", "luns", "lzo", "lzop", "mostly16",
    "mostly32", "mostly8", "new", "off", "offline", "oid", "old", "open", "parallel", "percent", "permissions", "raw",
    "readratio", "recover", "rejectlog", "resort", "respect", "restore", "snapshot", "system", "tag", "tdes",
    "text255", "text32k", "truncatecolumns", "wallet",
}  # fmt: skip
"""Reserved by Redshift and free in PostgreSQL."""

NAMES = OWN | {
    "between", "encode", "interval", "isnull", "language", "minus", "notnull", "nulls", "overlaps", "partition",
    "pivot", "similar", "sysdate", "timestamp", "top", "unnest", "unpivot", "verbose", "without", "ilike", "natural",
}  # fmt: skip
"""What no column and no table may be called without quotes; what PostgreSQL refuses by itself is not here."""

FOLLOWED = {"ignore": "nulls", "respect": "nulls"}
"""Where such a word is a word of the grammar."""
