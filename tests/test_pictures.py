"""The pictures of the documentation are drawn from what stands recorded beside them."""

import json
import runpy
from pathlib import Path

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"


def test_the_picture_of_the_rate_limits_shows_what_was_recorded() -> None:
    module = runpy.run_path(str(PICTURES / "rate_limits.py"))
    events = json.loads((PICTURES / "rate_limits.json").read_text())
    assert (PICTURES / "rate_limits.svg").read_text() == module["picture"](events)
    assert [status for _, status in events["ours"]] == [200] * module["PAGES"]
    assert 429 in {status for _, status in events["naive"]}
