"""Values of every type that a column of a template can have, as PostgreSQL reads them from text."""

from __future__ import annotations

import ipaddress
import json
import uuid
from datetime import time

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Text = SearchStrategy[str]

LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
ODD = st.sampled_from(
    ["", "\\N", "\\.", "\\", "\t", "\n\r", "NULL", '"', "'", "{}", "a,b", " ", "ä€😀", "\x01\x7f"]
)


def whole(bits: int) -> Text:
    """Signed integers of so many bits."""
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).map(str)


def digits(most: int) -> Text:
    return st.integers(0, 10**most - 1).map(str)


NUMERIC = st.one_of(
    st.sampled_from(["NaN", "Infinity", "-Infinity", "0", "-0.000", "1.0", "1.00", "1e-1000", "1e1000"]),
    st.builds("{}{}.{}".format, st.sampled_from(["", "-"]), digits(60), digits(40)),
)
DECIMAL_38 = st.builds(
    "{}{}.{:020}".format, st.sampled_from(["", "-"]), digits(18), st.integers(0, 10**20 - 1)
)


def floating(width: int) -> Text:
    return st.floats(width=32 if width == 32 else 64).map(repr)


FINITE = st.floats(-1e100, 1e100).map(repr)
POINT = st.builds("({},{})".format, FINITE, FINITE)
PATH = st.lists(POINT, min_size=1, max_size=4).map(",".join)

TEXT = st.one_of(ODD, st.text(LETTERS, max_size=30))
WORD = st.text("abcxyzäß", min_size=1, max_size=8)


def cut(most: int) -> Text:
    """Text of so many characters at most."""
    return st.text(LETTERS, max_size=most)


DAY = st.builds("{:04}-{:02}-{:02}".format, st.integers(1, 9999), st.integers(1, 12), st.integers(1, 28))
BC = st.builds("{:04}-{:02}-{:02}".format, st.integers(1, 4713), st.integers(1, 12), st.integers(1, 28))
ENDS = st.sampled_from(["infinity", "-infinity"])
DATE = st.one_of(ENDS, DAY, BC.map("{} BC".format), st.sampled_from(["5874897-12-31", "4714-11-24 BC"]))
CLOCK = st.one_of(
    st.times().map(time.isoformat), st.sampled_from(["24:00:00", "23:59:59.999999", "00:00:00"])
)
OFFSET = st.sampled_from(["+00", "-15:59", "+15:59:59", "+05:30", "-08"])
MOMENT = st.one_of(
    ENDS,
    st.builds("{} {}".format, DAY, st.times().map(time.isoformat)),
    st.builds("{} {} BC".format, BC, st.times().map(time.isoformat)),
    st.sampled_from(["294276-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC"]),
)
INTERVAL = st.builds(
    "{} mons {} days {}{:02}:{:02}:{:02}.{:06}".format,
    st.integers(-1000000, 1000000),
    st.integers(-1000000, 1000000),
    st.sampled_from(["", "-"]),
    st.integers(0, 999999),
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 999999),
)

ADDRESS = st.ip_addresses()
NETWORK = st.builds(
    lambda address, bits: str(
        ipaddress.ip_network((address, min(bits, address.max_prefixlen)), strict=False)
    ),
    ADDRESS,
    st.integers(0, 128),
)
HOST = st.builds(
    lambda address, bits: f"{address}/{min(bits, address.max_prefixlen)}", ADDRESS, st.integers(0, 128)
)

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
JSON_TEXT = st.one_of(
    st.builds(lambda value, pad: json.dumps(value, indent=pad), JSON, st.sampled_from([None, 0, 3])),
    st.sampled_from(
        [
            '{"a":1, "a" :  1.10}',
            "[1e5,1E+2 , 0.10]",
            ' "x\\u00e4" ',
            "12345678901234567890.12345678901234567890",
        ]
    ),
)
XML = st.builds(
    '<a b="{}">{}<!-- {} --></a>'.format, WORD, st.text("ab \n\t&ä€".replace("&", ""), max_size=9), WORD
)


def span(values: SearchStrategy[int], shape: str) -> Text:
    """Ranges over what `shape` makes of a pair of numbers, lower bound first."""
    between = st.builds(
        lambda a, b, left, right: f"{left}{shape.format(min(a, b))},{shape.format(max(a, b))}{right}",
        values,
        values,
        st.sampled_from("[("),
        st.sampled_from("])"),
    )
    open_ended = st.builds(lambda a: f"[{shape.format(a)},)", values) | st.builds(
        lambda a: f"(,{shape.format(a)})", values
    )
    return st.one_of(st.sampled_from(["empty", "(,)"]), between, open_ended)


def many(ranges: Text) -> Text:
    """Multiranges."""
    return st.lists(ranges, max_size=3).map(lambda items: "{" + ",".join(items) + "}")


SMALL = st.integers(-1000, 1000)
YEARS = st.integers(1000, 9999)
INT_RANGE = span(SMALL, "{}")
NUM_RANGE = span(SMALL, "{}.50")
DATE_RANGE = span(YEARS, "{}-02-03")
TIME_RANGE = span(YEARS, '"{}-02-03 04:05:06.000007"')
ZONED_RANGE = span(YEARS, '"{}-02-03 04:05:06.000007+05:30"')


def element(text: str | None) -> str:
    """One element of an array literal."""
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array(values: Text) -> Text:
    """Arrays with NULLs, of one or two dimensions, some with lower bounds of their own."""
    item = st.one_of(st.none(), values).map(element)
    flat = st.lists(item, max_size=4).map(lambda items: "{" + ",".join(items) + "}")
    square = st.lists(st.tuples(item, item), min_size=1, max_size=3).map(
        lambda rows: "{" + ",".join("{" + ",".join(row) + "}" for row in rows) + "}"
    )
    bounded = st.builds(
        lambda items, low: f"[{low}:{low + len(items) - 1}]=" + "{" + ",".join(items) + "}",
        st.lists(item, min_size=1, max_size=3),
        st.integers(-5, 5),
    )
    return st.one_of(flat, square, bounded)


def pair(number: int, text: str) -> str:
    """A composite value of an integer and a text."""
    return f'({number},"' + text.replace("\\", "\\\\").replace('"', '""') + '")'


MOODS = ["glad", "sad", "so, so", 'qu"ote']

TYPES: dict[str, tuple[str, Text]] = {
    "smallint": ("smallint", whole(16)),
    "integer": ("integer", whole(32)),
    "bigint": ("bigint", whole(64)),
    "numeric": ("numeric", NUMERIC),
    "numeric(38,20)": ("numeric(38,20)", DECIMAL_38),
    "real": ("real", floating(32)),
    "double precision": ("double precision", floating(64)),
    "money": ("money", st.builds("{}.{:02}".format, st.integers(-(10**15), 10**15), st.integers(0, 99))),
    "boolean": ("boolean", st.booleans().map(str)),
    "text": ("text", TEXT),
    "character varying": ("character varying", TEXT),
    "character varying(20)": ("character varying(20)", cut(20)),
    "character(5)": ("character(5)", cut(5)),
    "name": ("name", st.text("abcä\\\"' ", max_size=30)),
    '"char"': ('"char"', st.sampled_from(["", "a", "\\", "'", " ", "\t", "~"])),
    "bytea": ("bytea", st.binary(max_size=40).map(lambda value: "\\x" + value.hex())),
    "date": ("date", DATE),
    "timestamp": ("timestamp", MOMENT),
    "timestamp(3)": ("timestamp(3)", MOMENT.filter(lambda text: not text.startswith("294276"))),
    "timestamptz": ("timestamptz", st.builds("{}".format, MOMENT)),
    "time": ("time", CLOCK),
    "timetz": ("timetz", st.builds("{}{}".format, CLOCK, OFFSET)),
    "interval": ("interval", INTERVAL),
    "uuid": ("uuid", st.uuids().map(uuid.UUID.__str__)),
    "inet": ("inet", HOST),
    "cidr": ("cidr", NETWORK),
    "macaddr": ("macaddr", st.binary(min_size=6, max_size=6).map(bytes.hex)),
    "macaddr8": ("macaddr8", st.binary(min_size=8, max_size=8).map(bytes.hex)),
    "bit(7)": ("bit(7)", st.text("01", min_size=7, max_size=7)),
    "bit varying": ("bit varying", st.text("01", max_size=70)),
    "json": ("json", JSON_TEXT),
    "jsonb": ("jsonb", JSON_TEXT),
    "jsonpath": ("jsonpath", WORD.map(lambda word: f'$."{word}"[*] ? (@ > 1)')),
    "tsvector": (
        "tsvector",
        st.lists(st.builds("{}:{}{}".format, WORD, st.integers(1, 99), st.sampled_from("ABCD"))).map(
            " ".join
        ),
    ),
    "tsquery": ("tsquery", st.lists(WORD, min_size=1, max_size=3).map(" & !".join)),
    "point": ("point", POINT),
    "line": ("line", st.builds("{{1,{},{}}}".format, FINITE, FINITE)),
    "lseg": ("lseg", st.builds("[{},{}]".format, POINT, POINT)),
    "box": ("box", st.builds("{},{}".format, POINT, POINT)),
    "path": ("path", st.builds("{}{}{}".format, st.just("["), PATH, st.just("]")) | PATH.map("({})".format)),
    "polygon": ("polygon", PATH.map("({})".format)),
    "circle": ("circle", st.builds("<{},{}>".format, POINT, st.floats(0, 1e100).map(repr))),
    "pg_lsn": ("pg_lsn", st.builds("{:X}/{:X}".format, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))),
    "oid": ("oid", st.integers(0, 2**32 - 1).map(str)),
    "xid": ("xid", st.integers(0, 2**32 - 1).map(str)),
    "xid8": ("xid8", st.integers(0, 2**63).map(str)),
    "tid": ("tid", st.builds("({},{})".format, st.integers(0, 2**32 - 1), st.integers(0, 65535))),
    "pg_snapshot": ("pg_snapshot", st.just("10:20:10,14,15")),
    "aclitem": ("aclitem", st.just("source_reader=r*w/postgres")),
    "int2vector": (
        "int2vector",
        st.lists(st.integers(-9, 9), max_size=4).map(lambda items: " ".join(map(str, items))),
    ),
    "refcursor": ("refcursor", TEXT),
    "int4range": ("int4range", INT_RANGE),
    "int8range": ("int8range", INT_RANGE),
    "numrange": ("numrange", NUM_RANGE),
    "daterange": ("daterange", DATE_RANGE),
    "tsrange": ("tsrange", TIME_RANGE),
    "tstzrange": ("tstzrange", ZONED_RANGE),
    "int4multirange": ("int4multirange", many(INT_RANGE)),
    "nummultirange": ("nummultirange", many(NUM_RANGE)),
    "tstzmultirange": ("tstzmultirange", many(ZONED_RANGE)),
    "integer[]": ("integer[]", array(whole(32))),
    "text[]": ("text[]", array(TEXT)),
    "numeric[]": ("numeric[]", array(NUMERIC)),
    "double precision[]": ("double precision[]", array(floating(64))),
    "timestamptz[]": ("timestamptz[]", array(MOMENT)),
    "jsonb[]": ("jsonb[]", array(JSON_TEXT)),
    "bytea[]": ("bytea[]", array(st.binary(max_size=9).map(lambda value: "\\x" + value.hex()))),
    "int4range[]": ("int4range[]", array(INT_RANGE)),
    "mood": ("text", st.sampled_from(MOODS)),
    "mood[]": ("text[]", array(st.sampled_from(MOODS))),
    "short": ("text", cut(9)),
    "small": ("integer", st.integers(1, 9).map(str)),
    "pair": ("text", st.builds(pair, SMALL, cut(9))),
}
"""By its type at the source: the type that the template declares, and values; NULLs come in addition."""

SOURCE_TYPES = (
    "CREATE TYPE mood AS ENUM ('glad', 'sad', 'so, so', 'qu\"ote'); CREATE DOMAIN short AS text CHECK (length(value) < 10);"
    " CREATE DOMAIN small AS integer CHECK (value BETWEEN 1 AND 9); CREATE TYPE pair AS (one integer, two text);"
)
"""The types of the source's own among TYPES."""
