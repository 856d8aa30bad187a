"""The tiny parties: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import Tiny, make_tiny


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "both")


@pytest.fixture
def tiny(template: Tiny, tmp_path: Path) -> Tiny:
    return template.copy(tmp_path / "both")
