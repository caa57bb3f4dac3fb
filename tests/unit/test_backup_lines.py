"""What a backup holds comes out of its file as it went in."""

from __future__ import annotations

import json

from tenantry.db.migrations import known
from tenantry.flow.backup import Content, unpack


def test_letters_that_some_call_line_breaks_stay_in_their_line() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    about = {"tenantry_backup": 1, "version": "0", "migrations": [known()[0].version]}
    content = Content(about, {"table mv_templates": [json.dumps(text, ensure_ascii=False)]})

    assert unpack(content.packed()).rows("table mv_templates") == [text]
