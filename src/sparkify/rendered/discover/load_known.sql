-- rendered by `make derived`, do not edit; f02920e809dd1777
CREATE TEMPORARY TABLE load_known (
  url TEXT(4096) NOT NULL,
  kind TEXT(256) NOT NULL,
  changed SMALLINT NOT NULL
)
