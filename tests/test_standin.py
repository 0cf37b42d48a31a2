"""The stand-in for Redshift does what the documentation says of Redshift, through the real driver.

Where the documentation is silent it does what is worse for a loader; `tests.redshift.standin` lists that.
"""

from __future__ import annotations

import gc
import gzip
import json
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import redshift_connector
from redshift_connector.core import Connection
from redshift_connector.error import InterfaceError, ProgrammingError

from tests.engines import Local
from tests.objects import ObjectServer
from tests.redshift.standin import StandIn

pytest_plugins = ("tests.engines",)

ROLE = "iam_role 'arn:aws:iam::123456789012:role/loader'"


class House(NamedTuple):
    """The stand-in, the objects beside it, and a database of the test's own."""

    standin: StandIn
    objects: ObjectServer
    database: str

    def connect(self, **options: Any) -> Client:
        """A connection of the real driver."""
        given = {"host": self.standin.host, "port": self.standin.port, "user": "sparkify", "password": "secret"}
        return Client(redshift_connector.connect(**{**given, "database": self.database, "ssl": False, **options}))

    def put(self, key: str, *lines: object) -> None:
        """An object with a record a line; what is no text is written as JSON."""
        texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        self.objects.put("lake", key, "".join(f"{text}\n" for text in texts))

    def manifest(self, *entries: str | dict[str, object]) -> None:
        """The object manifest.json; a bare key is mandatory."""
        made = [
            {"url": f"s3://lake/{entry}", "mandatory": True} if isinstance(entry, str) else entry for entry in entries
        ]
        self.objects.put("lake", "manifest.json", json.dumps({"entries": made}))


class Client:
    """A connection with a cursor."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cursor = connection.cursor()
        self.cursor.paramstyle = "qmark"

    def __call__(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute a statement; its rows."""
        self.cursor.execute(sql, values or None)
        return [tuple(row) for row in self.cursor.fetchall()] if self.cursor.description else []

    def refused(self, sql: str, *values: object) -> dict[str, str]:
        """Execute what fails, and roll back; the fields of the error."""
        with pytest.raises(ProgrammingError) as caught:
            self(sql, *values)
        self.connection.rollback()
        fields: dict[str, str] = caught.value.args[0]
        return fields

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def notices(self) -> list[str]:
        """What the server said beside its answers."""
        return [fields[b"M"].decode() for fields in self.connection.notices]


def refuse_connection(house: House, words: str | None = None, **options: Any) -> None:
    """The driver fails to connect, and then it leaves its socket to the garbage collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises((InterfaceError, ProgrammingError), match=words):
            house.connect(**options)
        gc.collect()


@pytest.fixture(scope="module")
def objects(local: Local) -> ObjectServer:
    local.objects.make("lake")
    return local.objects


@pytest.fixture(scope="module")
def standin(local: Local) -> StandIn:
    return local.standin


@pytest.fixture
def house(standin: StandIn, objects: ObjectServer) -> Iterator[House]:
    for key in objects.keys("lake"):
        objects.delete("lake", key)
    standin.clear()
    standin.view_delay = 0.0
    name = standin.database()
    yield House(standin, objects, name)
    standin.drop(name)


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    client = house.connect()
    yield client
    client.connection.close()


@pytest.fixture
def other(house: House) -> Iterator[Client]:
    client = house.connect()
    yield client
    client.connection.close()


def copy(client: Client, options: str = "format json 'auto'", table: str = "t", source: str = "data/") -> int:
    """COPY what is below data/; the rows it says it has loaded."""
    client(f"copy {table} from 's3://lake/{source}' {ROLE} {options}")
    return int(client("select pg_last_copy_count()")[0][0])


# Connecting


def test_the_driver_connects_and_binds(client: Client) -> None:
    assert client("select ?::int + 1, ?", 41, "a'b") == [(42, "a'b")]


def test_a_wrong_password_is_refused(house: House) -> None:
    refuse_connection(house, "password authentication failed", password="wrong")


@pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")
def test_tls_is_refused_unless_there_is_a_certificate(house: House) -> None:
    refuse_connection(house, "refuses SSL", ssl=True)


@pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")
def test_a_certificate_is_verified(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = certify(tmp_path, "localhost")
    house.standin.tls = (str(certificate), str(key))
    try:
        refuse_connection(house, ssl=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusted = house.connect(host="localhost", ssl=True, sslmode="verify-full")
        assert trusted("select 1") == [(1,)]
        trusted.connection.close()
        refuse_connection(house, ssl=True, sslmode="verify-full")  # it is a certificate of another name
    finally:
        house.standin.tls = None


def certify(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


# Tables


def test_keys_are_accepted_and_not_enforced(client: Client) -> None:
    client("create table p (a int primary key, b int not null unique) diststyle all sortkey(a)")
    client("create table c (a int encode az64 references p(a) distkey, foreign key (a) references p (a), unique (a))")
    client("insert into p values (1, 1), (1, 1)")
    client("insert into c values (7), (7)")
    assert client("select count(*) from p") == [(2,)]
    client.commit()
    assert client.refused("insert into p values (null, 1)")["C"] == "23502"
    assert client.refused("insert into p values (1, null)")["C"] == "23502"


@pytest.mark.parametrize(
    "declaration", ["varchar(4)", "char varying(4)", "varchar(4) encode zstd not null default 'a'", "nvarchar(4)"]
)
def test_varchar_counts_bytes(client: Client, declaration: str) -> None:
    declaration = declaration.replace("char varying", "character varying")
    client(f"create table t (a {declaration})")
    client("insert into t values ('éé'), ('abcd')")
    client.commit()
    for text in ("ééé", "abcde"):
        assert client.refused("insert into t values (?)", text)["M"] == "Value too long for character type"


def test_varchar_counts_bytes_however_the_table_was_made(client: Client) -> None:
    client("create temp table t (a varchar(4))")
    client("create table liked (like t)")
    client("create table made as select 'ab'::varchar(4) as a")
    client("alter table liked add column b varchar")
    client("create table max (a varchar(max), b text)")
    client("insert into max values (?, '')", "x" * 65535)
    client.commit()
    for table in ("t", "liked", "made"):
        client.refused(f"insert into {table} (a) values ('ééé')")
    client.refused("insert into liked (b) values (?)", "x" * 257)
    client.refused("insert into max (b) values (?)", "x" * 257)
    client.connection.autocommit = True
    client("alter table made alter column a type varchar(8)")
    client("insert into made values ('éééé')")


def test_identity_is_not_set_by_the_user(client: Client) -> None:
    client("create table t (id bigint identity(0, 1), a int)")
    client("create table d (id int generated by default as identity(5, 5), a int)")
    client("insert into t (a) values (1), (2)")
    client("insert into d values (5, 1)")
    client("insert into d (a) values (2)")
    client.commit()
    assert sorted(client("select id from t")) == [(0,), (1,)]
    assert client("select id from d") == [(5,), (5,)]  # nothing makes them unique
    client.refused("insert into t (id, a) values (9, 9)")


@pytest.mark.parametrize(
    "sql",
    [
        "create index i on t (a)",
        "create table s (a serial)",
        "create table s (a int) distkey(nope)",
        "create table s (a int) sortkey a",
        "create table s (a jsonb)",
        "create table s (a int[])",
        "create table s (a int, check (a > 0))",
        "create table s (tag int)",
        "create table raw (a int)",
        "alter table s add column open int",
        "select a from t as x, (select 1) raw",
        "with snapshot as (select 1) select * from t",
        "create extension x",
        "create unlogged table s (a int)",
        "insert into t values (1, 'a') on conflict do nothing",
        "insert into t values (1, 'a') returning a",
        "select distinct on (a) a, b from t",
        "select * from t, lateral (select 1) as x",
        "select count(*) filter (where a = 1) from t",
        "with gone as (delete from t returning a) select * from gone",
        "select '{}'::jsonb",
        "select array[1]",
        "select string_agg(b, ',') from t",
        "select * from (values (1)) as v",
        "select a is distinct from 1 from t",
        "select a from t for update",
        "select pg_advisory_lock(1)",
        "select pg_try_advisory_xact_lock(1)",
        "select concat('a', 'b', 'c')",
        "select dateadd(day, 1.5, getdate())",
        "savepoint here",
        "rollback to savepoint here",
        "lock t in share mode",
        "select 1; select 2",
        "notify x",
        "vacuum",
        "alter table t append from s",
        "create database d",
        "drop database d",
        "create external table x.y (a int)",
        "alter table t alter column b type varchar(20)",
        "merge into t x using s on x.a = s.a when matched then delete when not matched then insert values (s.a, s.b)",
        "merge into t using s on t.a = s.a when matched and s.a > 1 then delete when not matched then insert values (1, '')",
        "merge into t using s on t.a = s.a when matched then delete",
        "merge into t using s on t.a > s.a when matched then delete when not matched then insert values (1, '')",
        "with w as (select 1) merge into t using w on true when matched then delete when not matched then insert values (1)",
        f"unload ('select a from t limit 1') to 's3://lake/out/' {ROLE} format parquet",
        f"unload ('select a from t') to 's3://lake/out/' {ROLE} format parquet gzip",
        "unload ('select a from t') to 's3://lake/out/' format parquet",
        f"copy t from 's3://lake/data/' {ROLE} format json 'auto' quickly",
        "copy t from 's3://lake/data/' format json 'auto'",
        f"copy t from 's3://lake/data/' {ROLE} format json 'auto' gzip zstd",
        f"copy t from 's3://lake/data/' {ROLE} format json 'auto' null as 'x'",
        f"copy t from 's3://lake/data/' {ROLE} format json 'auto' maxerror 100001",
    ],
)
def test_what_redshift_refuses(client: Client, sql: str) -> None:
    client("create table t (a int, b varchar(10))")
    client("create table s (a int, b varchar(10))")
    client.commit()
    client("select 1")
    with pytest.raises(ProgrammingError) as caught:
        client(sql)
    assert caught.value.args[0]["C"] in ("0A000", "42601", "42883", "42704", "42703", "25001")
    with pytest.raises(ProgrammingError, match="current transaction is aborted"):
        client("select 1")
    client.rollback()
    assert client("select 1") == [(1,)]


def test_reserved_words_can_be_quoted(client: Client) -> None:
    client('create table t ("tag" int, "open" int, time int)')
    assert client('select "tag" as tag, t.open from t') == []


def test_copy_unload_and_ddl_take_no_parameters(client: Client) -> None:
    assert client.refused(f"copy t from ? {ROLE} format json 'auto'", "s3://lake/data/")["C"] == "42601"
    assert client.refused(f"unload ('select 1') to ? {ROLE} format parquet", "s3://lake/out/")["C"] == "42601"
    assert client.refused("create table t (a int default ?)", 1)["C"] == "42601"


def test_locks_are_for_blocks(client: Client) -> None:
    client("create table t (a int)")
    client.commit()
    client.connection.autocommit = True
    assert client.refused("lock t")["C"] == "25P01"
    client("vacuum")


# Functions


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("regexp_replace('a-b-c', '-', '')", "abc"),
        ("regexp_replace('a-b-c', '-')", "abc"),
        ("nvl(null, 2)", 2),
        ("nvl2(null, 1, 2)", 2),
        ("len('äb')", 2),
        ("octet_length('äb')", 3),
        ("dateadd(month, 1, timestamp '2018-01-31')::varchar", "2018-02-28 00:00:00"),
        ("datediff(day, timestamp '2018-11-01 23:59', timestamp '2018-11-02')", 1),
        ("datediff('hour', timestamp '2018-11-01 23:59', timestamp '2018-11-02')", 1),
        ("datediff(year, date '2018-12-31', date '2019-01-01')", 1),
        ("extract(second from timestamp '2018-11-01 00:00:01.999')", 1),
        ("extract(dow from timestamp '2018-11-04')", 0),
        ("extract(weekday from timestamp '2018-11-04')", 0),
        ("extract(epoch from timestamp '2018-11-04')", 1541289600),
        ("date_part(second, timestamp '2018-11-01 00:00:01.5')", 1.5),
        ("convert_timezone('America/New_York', timestamp '2018-11-01 04:00')::varchar", "2018-11-01 00:00:00"),
        ("strtol('ff', 16)", 255),
        ("concat('a', null)", None),
        ("getdate() >= sysdate", True),
        (r"'a\\b\'c\d'", r"a\b'cd"),
        ("lower('ÄÖİ')", "äöi̇"[:3]),
        ("case when 'a' < 'B' then 1 else 0 end", 0),
        ("current_schema()", "public"),
        ("pg_last_copy_id()", -1),
        ("pg_last_copy_count()", 0),
        ("7 / 2", 3),
    ],
)
def test_functions(client: Client, expression: str, value: object) -> None:
    found = client(f"select {expression}")[0][0]
    assert found == value
    assert type(found) is type(value)


def test_listagg_and_qualify(client: Client) -> None:
    client("create table t (k int, a varchar(3))")
    client("insert into t values (1, 'x'), (1, 'b'), (2, 'c')")
    assert client("select listagg(a, '|') within group (order by a) from t") == [("b|c|x",)]
    latest = "select k, a as name from t as u where k < 9 qualify row_number() over (partition by k order by a) = 1"
    assert client(f"{latest} order by k") == [(1, "b"), (2, "c")]
    assert client(f"with w as ({latest}) select count(*) from w") == [(2,)]


def test_hash_is_stable(client: Client) -> None:
    assert client("select farmfingerprint64('a') = farmfingerprint64('a')") == [(True,)]
    assert isinstance(client("select farmfingerprint64('a')")[0][0], int)


def test_search_path_of_the_client(client: Client) -> None:
    client("create schema mine")
    client("set search_path to mine, public")
    client("create table t (a int)")
    assert client("select current_schema(), nvl(len('a'), 0)") == [("mine", 1)]
    assert client("show search_path") == [("mine, public",)]
    assert client("select count(*) from mine.t") == [(0,)]


# Transactions


def test_truncate_commits(client: Client, other: Client) -> None:
    client("create table t (a int)")
    client("create table s (a int)")
    client("insert into t values (1)")
    client.commit()
    client("insert into s values (1)")
    client("truncate t")
    client.rollback()
    assert other("select (select count(*) from s), (select count(*) from t)") == [(1, 0)]


def test_a_transaction_sees_what_was_when_it_began_to_look(client: Client, other: Client) -> None:
    client("create table t (a int)")
    client.commit()
    assert client("select count(*) from t") == [(0,)]
    other("insert into t values (1)")
    other.commit()
    assert client("select count(*) from t") == [(0,)]
    client.commit()
    assert client("select count(*) from t") == [(1,)]


def test_a_lock_first_takes_no_snapshot(client: Client, other: Client) -> None:
    client("create table t (a int)")
    client.commit()
    other("lock t")
    other("insert into t values (1)")
    seen: list[object] = []

    def wait() -> None:
        client("lock t")
        seen.extend(client("select count(*) from t"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    assert not seen
    other.commit()
    waiting.join()
    assert seen == [(1,)]


def test_a_conflict_is_error_1023(client: Client, other: Client) -> None:
    client("create table t (a int)")
    client("insert into t values (1)")
    client.commit()
    client("select * from t")
    other("update t set a = 2")
    other.commit()
    fields = client.refused("update t set a = 3")
    assert (fields["C"], fields["M"]) == ("XX000", "1023")
    assert "Serializable isolation violation" in fields["D"]


def test_statement_timeout(client: Client) -> None:
    client("set statement_timeout to 50")
    client.commit()
    assert client.refused(
        "select count(*) from information_schema.columns a, information_schema.columns b, information_schema.columns c"
    )["C"] == "57014"  # fmt: skip


MERGE = (
    "merge into t using s on t.a = s.a when matched then update set b = s.b "
    "when not matched then insert (a, b) values (s.a, s.b)"
)


def test_merge(client: Client) -> None:
    client("create table t (a int, b varchar(10))")
    client("create table s (a int, b varchar(10))")
    client("insert into t values (1, 'old')")
    client("insert into s values (1, 'new'), (2, 'two'), (null, 'x')")
    client(MERGE)
    assert client.cursor.rowcount == -1
    client(MERGE)
    assert client("select * from t order by a, b") == [(1, "new"), (2, "two"), (None, "x"), (None, "x")]
    client("insert into s values (1, 'newer')")
    assert "Found multiple matches" in client.refused(MERGE)["M"]


# COPY: which files


def test_copy_by_manifest(house: House, client: Client) -> None:
    client("create table t (a int)")
    house.put("data/1.json", {"a": 1}, {"a": 2})
    house.put("data/2.json", {"a": 3})
    house.manifest("data/1.json", "data/1.json", {"url": "s3://lake/data/none.json"})
    assert copy(client, "manifest json 'auto'", source="manifest.json") == 4
    assert client("select a from t order by a") == [(1,), (1,), (2,), (2,)]
    assert client.notices()[-1] == "Load into table 't' completed, 4 record(s) loaded successfully."


@pytest.mark.parametrize(
    "manifest",
    [
        {"entries": [{"url": "s3://lake/data/none.json", "mandatory": True}, {"url": "s3://lake/data/1.json"}]},
        {"entries": [{"url": "s3://lake/data/none.json"}]},
        {"entries": [{"url": "s3://lake/data/"}]},
        {"entries": []},
        {"files": []},
        [],
        None,
    ],
    ids=str,
)
def test_a_manifest_that_fails_the_copy(house: House, client: Client, manifest: object) -> None:
    client("create table t (a int)")
    client.commit()
    house.put("data/1.json", {"a": 1})
    if manifest is not None:
        house.objects.put("lake", "manifest.json", json.dumps(manifest))
    fields = client.refused(f"copy t from 's3://lake/manifest.json' {ROLE} manifest json 'auto'")
    assert fields["C"] == "XX000"


def test_a_prefix_is_no_folder(house: House, client: Client) -> None:
    client("create table t (a int)")
    client.commit()
    house.put("song_data/1.json", {"a": 1})
    house.put("song_data2/1.json", {"a": 2})
    assert copy(client, source="song_data") == 2
    client.commit()
    assert "does not exist" in client.refused(f"copy t from 's3://lake/nothing/' {ROLE} json 'auto'")["M"]


@pytest.mark.parametrize("named", ["", "gzip", "zstd", "bzip2"])
def test_compression_must_be_named(house: House, client: Client, named: str) -> None:
    client("create table t (a int)")
    client.commit()
    house.objects.put("lake", "data/1.json.gz", gzip.compress(b'{"a": 1}'))
    if named == "gzip":
        assert copy(client, "json 'auto' gzip") == 1
    else:
        assert client.refused(f"copy t from 's3://lake/data/' {ROLE} json 'auto' {named}")["C"] == "XX000"


def test_rows_come_in_no_order_of_files(house: House, client: Client) -> None:
    client("create table t (a int)")
    for number in range(20):
        house.put(f"data/{number:02}.json", {"a": number})
    copy(client)
    rows = [row[0] for row in client("select a from t")]
    assert rows != sorted(rows)
    assert sorted(rows) == list(range(20))


# COPY: which keys


def test_keys_match_by_case_unless_told(house: House, client: Client) -> None:
    client("create table t (firstname varchar(20), level varchar(20))")
    house.put("data/1.json", {"firstName": "Ada", "level": "paid", "other": 1})
    copy(client)
    assert client("select * from t") == [(None, "paid")]
    copy(client, "json 'auto ignorecase'")
    assert ("Ada", "paid") in client("select * from t")


def test_jsonpaths(house: House, client: Client) -> None:
    client("create table t (id bigint identity(1, 1), a varchar(20), b int, c varchar(20) default 'left')")
    house.put("paths.json", {"jsonpaths": ["$['firstName']", "$['list'][1]"]})
    house.put("data/1.json", {"firstName": "Ada", "list": [1, 2]}, {"firstname": "Bob", "list": [1, 3]})
    copy(client, "json 's3://lake/paths.json'", table="t (a, b)")
    assert client("select a, b, c from t order by b") == [("Ada", 2, "left"), (None, 3, "left")]
    client.commit()
    house.put("data/1.json", {"firstName": "Ada", "list": [1]})
    client.refused(f"copy t (a, b) from 's3://lake/data/' {ROLE} json 's3://lake/paths.json'")
    assert "index out of range" in client("select error_message from sys_load_error_detail")[0][0]
    assert "Number of jsonpaths" in client.refused(
        f"copy t from 's3://lake/data/' {ROLE} json 's3://lake/paths.json'"
    )["M"]  # fmt: skip


def test_jsonpaths_under_another_name_mean_auto(house: House, client: Client) -> None:
    client("create table t (a varchar(20))")
    house.put("paths.json", {"jsonPaths": ["$.b"]})
    house.put("data/1.json", {"a": "A", "b": "B"})
    copy(client, "json 's3://lake/paths.json'")
    assert client("select a from t") == [("A",)]


@pytest.mark.parametrize("paths", ["{", [], {"jsonpaths": ["a"]}, {"jsonpaths": ["$.a", "$['b']"]}, None], ids=str)
def test_jsonpaths_that_fail_the_copy(house: House, client: Client, paths: object) -> None:
    client("create table t (a varchar(20), b varchar(20))")
    client.commit()
    house.put("data/1.json", {"a": "A", "b": "B"})
    if paths is not None:
        house.put("paths.json", paths)
    client.refused(f"copy t from 's3://lake/data/' {ROLE} json 's3://lake/paths.json' maxerror 10")


def test_identity_needs_explicit_ids(house: House, client: Client) -> None:
    client("create table t (id bigint identity(1, 1), a int)")
    client.commit()
    house.put("data/1.json", {"id": 77, "a": 1})
    assert copy(client) == 1
    assert client("select id from t") != [(77,)]
    client.commit()
    client.refused(f"copy t (id, a) from 's3://lake/data/' {ROLE} json 'auto'")
    copy(client, "json 'auto' explicit_ids")
    assert (77, 1) in client("select * from t")


# COPY: the shape of files


def test_root_objects_need_no_lines(house: House, client: Client) -> None:
    client("create table t (a int, b varchar(20))")
    pretty = json.dumps({"a": 3, "b": "{x}"}, indent=2)
    house.objects.put("lake", "data/1.json", '{"a": 1}{"a": 2} \n\n' + pretty + '{"a":4}\n{"a":5}')
    assert copy(client) == 5
    assert client("select a, b from t where b is not null") == [(3, "{x}")]


def test_an_array_is_a_row(house: House, client: Client) -> None:
    client("create table t (a int, b varchar(20))")
    client.commit()
    house.put("data/1.json", [1, "x"], [2, "y"])
    client.refused(f"copy t from 's3://lake/data/' {ROLE} json 'auto'")
    house.put("paths.json", {"jsonpaths": ["$[0]", "$[1]"]})
    assert copy(client, "json 's3://lake/paths.json'") == 2
    assert client("select * from t order by a") == [(1, "x"), (2, "y")]


def test_junk_is_a_load_error(house: House, client: Client) -> None:
    client("create table t (a int)")
    house.put("data/1.json", '{"a": 1}', "oops", '{"a": 2', '{"a": NaN}', '{"a": 3},', '{"a": 4}')
    assert copy(client, "json 'auto' maxerror 10") == 3
    assert client("select a from t order by a") == [(1,), (3,), (4,)]
    lines = client("select line_number from sys_load_error_detail order by 1")
    assert [line for (line,) in lines] == [2, 3, 4, 5]


# COPY: values


VALUES = [
    ("int", "1", 1),
    ("int", '"-12"', -12),
    ("int", "null", None),
    ("int", '""', None),
    ("int", '" "', None),
    ("int", "1.5", 1207),
    ("int", "200.0", 1207),
    ("int", "1e3", 1207),
    ("int", "true", 1207),
    ("int", '"+1"', 1207),
    ("int", "2147483648", 1207),
    ("bigint", "2147483648", 2147483648),
    ("bigint", "9223372036854775808", 1207),
    ("bigint", "9" * 5000, 1207),
    ("varchar(max)", "9" * 5000, "9" * 5000),
    ("decimal(38, 2)", "9" * 30, "9" * 30 + ".00"),
    ("double precision", "1.25", 1.25),
    ("double precision", "1541106106796.0", 1541106106796.0),
    ("double precision", "1E3", 1000.0),
    ("double precision", '""', None),
    ("double precision", '"12.123"', 12.123),
    ("double precision", "true", 1208),
    ("double precision", '"abc"', 1208),
    ("double precision", "1e999", 1202),
    ("varchar(10)", '""', ""),
    ("varchar(10)", '" "', " "),
    ("varchar(10)", "null", None),
    ("varchar(10)", "12", "12"),
    ("varchar(40)", "123456789012345678901234567890", "123456789012345678901234567890"),
    ("varchar(10)", "1.10", "1.1"),
    ("varchar(10)", "200.00", "200.0"),
    ("varchar(10)", "-1.5e3", "-1500.0"),
    ("varchar(10)", "-0", "-0"),
    ("varchar(10)", "true", "true"),
    ("varchar(10)", "false", "false"),
    ("varchar(30)", '{"b": [1, 2.0]}', '{"b":[1,2.0]}'),
    ("varchar(10)", r'"a\tb\n\\c"', "a\tb\n\\c"),
    ("varchar(10)", r'"\\N"', "\\N"),
    ("varchar(10)", r'"a\u0000b"', "ab"),
    ("varchar(10)", r'"\u00e9"', "é"),
    ("varchar(10)", r'"\ud800"', 1220),
    ("varchar(4)", '"éé"', "éé"),
    ("varchar(4)", '"ééé"', 1204),
    ("int not null", "null", 1213),
    ("varchar(10) not null", "null", 1213),
    ("decimal(8, 2)", "20.259", "20.25"),
    ("boolean", "true", True),
    ("timestamp", '"2018-11-01 21:01:46"', "2018-11-01 21:01:46"),
    ("timestamp", '"2018-11-01T21:01:46.796Z"', 1206),
    ("timestamp", "1541106106796", 1206),
]


@pytest.mark.parametrize(
    ("declaration", "written", "expected"), VALUES, ids=[f"{kind} {text[:20]}" for kind, text, _ in VALUES]
)
def test_values(house: House, client: Client, declaration: str, written: str, expected: object) -> None:
    client(f"create table t (a {declaration}, b int)")
    house.put("data/1.json", f'{{"a": {written}, "b": 1}}')
    copy(client, "json 'auto' maxerror 10")
    rows = client("select a from t")
    if type(expected) is int and 1200 <= expected < 1300:
        assert rows == []
        assert client("select error_code, trim(column_name) from sys_load_error_detail") == [(expected, "a")]
    else:
        value = str(rows[0][0]) if declaration.startswith(("timestamp", "decimal")) else rows[0][0]
        assert value == expected
        assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("pattern", "written", "expected"),
    [
        ("auto", '"2018-11-01T21:01:46.796Z"', "2018-11-01 21:01:46.796000"),
        ("auto", '"2018-11-01 21:01:46.7961239"', "2018-11-01 21:01:46.796123"),
        ("auto", '"2018-11-01 21:01:46+05"', "2018-11-01 21:01:46"),
        ("auto", "1541106106796", None),
        ("auto", '"2018-02-30"', None),
        ("epochmillisecs", "1541106106796", "2018-11-01 21:01:46.796000"),
        ("epochmillisecs", '"1541106106796"', "2018-11-01 21:01:46.796000"),
        ("epochmillisecs", "1541106106796.0", None),
        ("epochmillisecs", '"2018-11-01"', None),
        ("epochsecs", "1541106106", "2018-11-01 21:01:46"),
        ("DD.MM.YYYY HH:MI", '"01.11.2018 21:01"', "2018-11-01 21:01:00"),
    ],
)
def test_timeformat(house: House, client: Client, pattern: str, written: str, expected: str | None) -> None:
    client("create table t (a timestamp)")
    house.put("data/1.json", f'{{"a": {written}}}')
    copy(client, f"json 'auto' maxerror 10 timeformat '{pattern}'")
    found = [str(row[0]) for row in client("select a from t")]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("options", "written", "expected"),
    [
        ("truncatecolumns", '"ééé"', "éé"),
        ("emptyasnull", '""', None),
        ("blanksasnull", '"  "', None),
        ("emptyasnull", '"  "', "  "),
        ("acceptinvchars", r'"a\ud800"', "a?"),
        ("acceptinvchars as '_'", r'"a\ud800"', "a_"),
    ],
)
def test_options_for_text(house: House, client: Client, options: str, written: str, expected: str | None) -> None:
    client("create table t (a varchar(4))")
    house.put("data/1.json", f'{{"a": {written}}}')
    copy(client, f"json 'auto' {options}")
    assert client("select a from t") == [(expected,)]


def test_bytes_that_are_no_text(house: House, client: Client) -> None:
    client("create table t (a varchar(4))")
    house.objects.put("lake", "data/1.json", b'{"a": "x\xff"}\n{"a": "y"}')
    assert copy(client, "json 'auto' maxerror 2") == 1
    assert client("select error_code from sys_load_error_detail") == [(1220,)]
    assert copy(client, "json 'auto' acceptinvchars") == 2
    assert ("x?",) in client("select a from t")


def test_of_keys_that_stand_twice_the_first_counts(house: House, client: Client) -> None:
    client("create table t (a int)")
    house.put("data/1.json", '{"a":1,"a":2}', '{"a" : 3, "a": 4}')
    copy(client)
    assert client("select a from t order by a") == [(1,), (3,)]


# COPY: errors


@pytest.mark.parametrize(
    ("limit", "fails"), [("", True), ("maxerror 1", True), ("maxerror 2", True), ("maxerror 3", False)]
)
def test_maxerror(house: House, client: Client, limit: str, fails: bool) -> None:
    client("create table t (a int)")
    client("insert into t values (0)")
    client.commit()
    house.put("data/1.json", {"a": 1}, {"a": "x"}, {"a": 2}, {"a": "y"})
    if fails:
        fields = client.refused(f"copy t from 's3://lake/data/' {ROLE} json 'auto' {limit}")
        assert fields["C"] == "XX000"
        assert fields["M"] == ("Load into table 't' failed.  Check 'sys_load_error_detail' system table for details.")
        assert client("select count(*) from t") == [(1,)]
    else:
        assert copy(client, f"json 'auto' {limit}") == 2
        assert "2 record(s) could not be loaded" in client.notices()[-1]


def test_noload_loads_nothing(house: House, client: Client) -> None:
    client("create table t (a int)")
    client.commit()
    house.put("data/1.json", {"a": 1})
    copy(client, "json 'auto' noload")
    assert client("select count(*) from t") == [(0,)]


def test_a_copy_rolls_back(house: House, client: Client, other: Client) -> None:
    client("create table t (a int)")
    client.commit()
    house.put("data/1.json", {"a": 1})
    copy(client)
    assert other("select count(*) from t") == [(0,)]
    client.rollback()
    assert client("select count(*) from t") == [(0,)]


def test_what_the_last_copy_was(house: House, client: Client) -> None:
    client("create table t (a int)")
    client.commit()
    house.put("data/1.json", {"a": 1}, {"a": 2})
    copy(client)
    client.commit()
    [(first, count)] = client("select pg_last_copy_id(), pg_last_copy_count()")
    assert (first > 0, count) == (True, 2)
    client.commit()
    house.put("data/1.json", {"a": "x"})
    client.refused(f"copy t from 's3://lake/data/' {ROLE} json 'auto'")
    assert client("select pg_last_copy_id(), pg_last_copy_count()") == [(first, 0)]  # rolled back: not updated
    client.rollback()
    client.connection.autocommit = True
    with pytest.raises(ProgrammingError):
        copy(client)
    assert client("select pg_last_copy_id() > ?, pg_last_copy_count()", first) == [(True, 0)]


def test_a_hundred_thousand_rows_take_seconds(house: House, client: Client) -> None:
    client("create table t (a int, b varchar(40), c double precision, d timestamp)")
    row = '{"a":%d,"b":"San Francisco-Oakland, CA","c":245.05578,"d":"2018-11-01 21:01:46"}\n'
    house.objects.put("lake", "data/1.json", "".join(row % number for number in range(50_000)))
    house.objects.put("lake", "data/2.json", "".join(row % number for number in range(50_000)))
    began = time.monotonic()
    assert copy(client) == 100_000
    assert time.monotonic() - began < 20


# System views


def test_load_errors_can_be_looked_up(house: House, client: Client) -> None:
    client("create table t (a int, b varchar(4))")
    client.commit()
    name = "data/" + "n" * 300 + ".json"
    house.put(name, {"a": 1, "b": "long one"}, '{"a": 2,', '"b": 3}', {"a": "x"})
    client.refused(f"copy t from 's3://lake/data/' {ROLE} json 'auto'")
    copy(client, "json 'auto' maxerror 5")
    found = client(
        "select file_name, line_number, column_name, column_type, column_length, error_code, session_id "
        "from sys_load_error_detail where query_id = pg_last_copy_id() order by line_number"
    )
    cut = f"s3://lake/{name}"[:256]
    assert [row[:6] for row in found] == [
        (cut, 1, "b".ljust(127), "varchar".ljust(10), "4".ljust(10), 1204),
        (cut, 4, "a".ljust(127), "int4".ljust(10), "0".ljust(10), 1207),
    ]
    assert found[0][6] == client("select pg_backend_pid()")[0][0]
    client.rollback()
    history = "select trim(status), loaded_rows, error_count, source_file_count from sys_load_history order by query_id"
    assert client(history) == [("aborted", 0, 1, 0), ("completed", 1, 2, 1)]
    assert client("select trim(file_name), bytes_scanned > 0, lines_scanned from sys_load_detail") == [(cut, True, 4)]


def test_views_are_there_before_the_transaction_ends(house: House, client: Client) -> None:
    client("create table t (a int)")
    client("select 1 from t")
    assert client("select count(*) from sys_load_history") == [(0,)]
    house.put("data/1.json", {"a": 1}, {"a": "x"})
    copy(client, "json 'auto' maxerror 5")
    assert client("select count(*) from sys_load_error_detail") == [(1,)]


def test_views_can_be_late(house: House, client: Client) -> None:
    client("create table t (a int)")
    house.put("data/1.json", {"a": 1})
    house.standin.view_delay = 0.3
    copy(client)
    assert client("select count(*) from sys_load_history") == [(0,)]
    time.sleep(0.35)
    assert client("select count(*) from sys_load_history") == [(1,)]


def test_serverless_has_no_views_of_slices(client: Client) -> None:
    for view in ("stl_load_errors", "stl_load_commits", "stv_slices"):
        assert f'relation "{view}" does not exist' in client.refused(f"select * from {view}")["M"]
    assert client("select trim(isolation_level) from stv_db_isolation_level where trim(db_name) = current_database()")


def test_a_cluster_has_them(objects: ObjectServer) -> None:
    with StandIn(objects.endpoint, serverless=False, slices=2) as standin:
        house = House(standin, objects, standin.database())
        client = house.connect()
        house.put("cluster/1.json", {"a": "x"})
        client("create table t (a int)")
        client.commit()
        assert client("select count(*) from stv_slices") == [(2,)]
        fields = client.refused(f"copy t from 's3://lake/cluster/' {ROLE} json 'auto'")
        assert "stl_load_errors" in fields["M"]
        found = client("select err_code, trim(raw_field_value), trim(colname), trim(raw_line) from stl_load_errors")
        assert found == [(1207, "x", "a", '{"a": "x"}')]
        refuse_long_fetches(standin, client)
        client.connection.close()


def refuse_long_fetches(standin: StandIn, client: Client) -> None:
    """A cluster of one node holds no more than 1000 rows for who fetches them."""
    standin.nodes = 1
    client("declare c cursor for select localslice from stv_slices")
    for count in ("forward 1000", "1", "next"):
        client(f"fetch {count} from c")
    assert client.refused("fetch forward 50000 from c")["M"] == (
        "Fetch size 50000 exceeds the limit of 1000 for a single node configuration. "
        "Reduce the client fetch/cache size or upgrade to a multi node installation."
    )
    client("declare c cursor for select localslice from stv_slices")
    assert "exceeds the limit" in client.refused("fetch all from c")["M"]
    standin.nodes = 2
    client("declare c cursor for select localslice from stv_slices")
    assert client("fetch forward 50000 from c") == [(0,), (1,)]
    client.commit()


def test_serverless_gives_as_many_rows_as_are_asked_for(client: Client) -> None:
    client("declare c cursor for select 1")
    assert client("fetch forward 50000 from c") == [(1,)]


# UNLOAD


def test_unload_to_parquet(house: House, client: Client, tmp_path: Path) -> None:
    query = (
        "select 1 as a, ''x,y'' as b, timestamp ''2018-11-01 21:01:46.796'' as c, null::varchar as d, 1.5::float as e"
    )
    client(f"unload ('{query} union all {query}') to 's3://lake/out/' {ROLE} format as parquet manifest")
    keys = house.objects.keys("lake")
    assert keys == ["out/0000_part_00.parquet", "out/0001_part_00.parquet", "out/manifest"]
    for key in keys[:2]:
        (tmp_path / Path(key).name).write_bytes(house.objects.get("lake", key))
    rows = duckdb.execute(f"select *, typeof(a), typeof(c) from '{tmp_path}/*.parquet'").fetchall()
    assert [(str(row[2]), *row[:2], *row[3:]) for row in rows] == [
        ("2018-11-01 21:01:46.796000", 1, "x,y", None, 1.5, "INTEGER", "TIMESTAMP")
    ] * 2
    entries = json.loads(house.objects.get("lake", "out/manifest"))["entries"]
    assert [entry["url"] for entry in entries] == [f"s3://lake/{key}" for key in keys[:2]]


def test_unload_does_not_overwrite_unless_told(house: House, client: Client) -> None:
    unload = f"unload ('select 1 as a') to 's3://lake/out/' {ROLE} format json"
    house.put("out/old.json", {})
    assert "not empty" in client.refused(unload)["M"]
    client(f"{unload} allowoverwrite")
    assert house.objects.keys("lake") == ["out/0000_part_00.json", "out/old.json"]
    client(f"{unload} cleanpath")
    assert house.objects.keys("lake") == ["out/0000_part_00.json"]
    client.rollback()
    assert house.objects.get("lake", "out/0000_part_00.json") == b'{"a":1}\n'


# Failures


@pytest.mark.parametrize(
    ("how", "rows"), [("drop-before", 0), ("drop-during", 1), ("drop-during-lost", 0), ("1023", 0), ("deadlock", 0)]
)
def test_a_commit_that_is_lost(house: House, client: Client, other: Client, how: str, rows: int) -> None:
    client("create table t (a int)")
    client.commit()
    client("insert into t values (1)")
    house.standin.fail("^commit", how)
    with pytest.raises((InterfaceError, ProgrammingError, OSError)):
        client.commit()
    assert other("select count(*) from t") == [(rows,)]
    other("lock t")  # nobody holds it any more


@pytest.mark.parametrize("how", ["drop-before", "drop-during", "drop-during-lost"])
def test_a_copy_that_is_lost(house: House, client: Client, other: Client, how: str) -> None:
    client("create table t (a int)")
    client.commit()
    house.put("data/1.json", {"a": 1})
    house.standin.fail("^copy t ", how)
    with pytest.raises((InterfaceError, OSError)):
        copy(client)
    assert other("select count(*) from t") == [(0,)]
    told = [(statement.sql[:4], statement.outcome) for statement in house.standin.statements]
    assert ("copy", "connection lost") in told


@pytest.mark.parametrize(
    ("how", "state", "words"),
    [
        ("1023", "XX000", "1023"),
        ("snapshot", "XX000", "could not complete because of conflict with concurrent transaction"),
        ("deadlock", "40P01", "deadlock detected"),
        ("error:57014:Query cancelled", "57014", "Query cancelled"),
    ],
)
def test_a_statement_that_is_told_to_fail(house: House, client: Client, how: str, state: str, words: str) -> None:
    house.standin.fail(r"SELECT \d", how, times=2, after=1)
    assert client("select 0") == [(0,)]
    for number in (1, 2):
        with pytest.raises(ProgrammingError) as caught:
            client(f"select {number}")
        assert (caught.value.args[0]["C"], caught.value.args[0]["M"]) == (state, words)
        with pytest.raises(ProgrammingError, match="aborted"):
            client("select 'later'")
        client.rollback()
    assert client("select 3") == [(3,)]


def test_a_statement_that_takes_long(house: House, client: Client) -> None:
    house.standin.fail("select 1", "stall:0.3")
    began = time.monotonic()
    client("select 1")
    assert time.monotonic() - began >= 0.3


def test_a_session_that_goes_leaves_no_lock(house: House, client: Client, other: Client) -> None:
    client("create table t (a int)")
    client.commit()
    third = house.connect()
    client("lock t")
    third("select 1")

    def wait() -> None:
        with pytest.raises((InterfaceError, OSError, ValueError)):
            third("lock t")

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    third.connection._usock.shutdown(2)
    waiting.join()
    third.connection._usock.close()
    client.commit()
    other("lock t")


# What was recorded


def test_statements_are_recorded(house: House, client: Client) -> None:
    client("select ?", 1)
    client.refused("select nothing from nowhere")
    told = [(statement.sql, statement.parameters, statement.outcome) for statement in house.standin.statements]
    assert told == [
        ("begin transaction", 0, "ok"),
        ("select $1", 1, "ok"),
        ("select nothing from nowhere", 0, 'relation "nowhere" does not exist'),
        ("rollback", 0, "ok"),
    ]
    assert {statement.database for statement in house.standin.statements} == {house.database}


def test_grammar_is_checked(house: House, client: Client) -> None:
    client("create table t (a int encode az64, b varchar(10) not null) diststyle key distkey(a) compound sortkey(a, b)")
    client("insert into t (a, b) select 1, ? where not exists (select 1 from t where a = ?)", "x", 1)
    client.refused(f"copy t from 's3://lake/m' {ROLE} manifest format as json 'auto' timeformat 'auto' compupdate off")
    assert house.standin.grammar_errors() == []
    client.refused("select from where")
    [(sql, why)] = house.standin.grammar_errors()
    assert sql == "select from where"
    assert "unparsable" in why


def test_databases_are_apart(house: House, client: Client) -> None:
    client("create table t (a int)")
    client.commit()
    name = house.standin.database()
    apart = house.connect(database=name)
    assert "does not exist" in apart.refused("select * from t")["M"]
    house.standin.drop(name)
    house.standin.settle()
    apart.connection.close()
    refuse_connection(house, "does not exist", database=name)
