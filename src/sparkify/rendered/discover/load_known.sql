-- rendered by `make derived`, do not edit; 81320d296745f9c6
CREATE TEMPORARY TABLE load_known (
  url TEXT(4096) NOT NULL,
  changed SMALLINT NOT NULL
)
