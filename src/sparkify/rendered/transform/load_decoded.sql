-- rendered by `make derived`, do not edit; 3637af8934fccc61
CREATE TEMPORARY TABLE load_decoded (
  text TEXT(1024) NOT NULL,
  decoded TEXT(1024) NOT NULL
)
