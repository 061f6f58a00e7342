"""Hypothesis strategies that several tests share."""

from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

from hypothesis import strategies as st

from tokenvend.domain.cache_key import TokenSpec

START = datetime(2026, 3, 1, tzinfo=UTC)
_SCOPE_CHARACTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')

#: One scope, of every character that RFC 6749 §3.3 allows.
scope_tokens = st.text(alphabet=_SCOPE_CHARACTERS, min_size=1, max_size=12)
scope_sets = st.frozensets(scope_tokens, max_size=5)
names = st.from_regex(r"[a-z][a-z0-9-]{0,62}", fullmatch=True)
#: A token's key in the table.
keys = st.binary(min_size=32, max_size=32).map(bytes.hex)
#: A text that appears nowhere by chance: look for it where it must not be.
markers = st.text(alphabet=ascii_letters + digits, min_size=20, max_size=40).map("zq".__add__)
instants = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)).map(START.__add__)

# Values that would run together if the fields were merely joined.
_crafty = st.one_of(
    st.none(),
    st.sampled_from(["", "null", "[]", "a", "a,b", '","', 'a","b', "a\x00b", "a b", "\\", "None"]),
    st.text(max_size=6),
)
_crafty_texts = _crafty.map(lambda value: value or "")
crafty_specs = st.builds(
    TokenSpec,
    credential=_crafty_texts,
    definition=_crafty_texts,
    scopes=st.frozensets(_crafty_texts, max_size=3),
    tenant=_crafty,
    audience=_crafty,
    resources=st.frozensets(_crafty_texts, max_size=2).map(lambda each: tuple(sorted(each))),
    connection=_crafty,
    connection_owner=_crafty,
    caller=_crafty,
)
