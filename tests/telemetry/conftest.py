import logging
import sys
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = (
        sys.excepthook,
        logging.raiseExceptions,
        logging.getLogger().level,
        logging.getLogger("bot").level,
    )
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    for handler in [
        one for one in root.handlers if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)
    ]:
        root.removeHandler(handler)
    logging.captureWarnings(capture=False)
    sys.excepthook, logging.raiseExceptions = before[:2]
    root.setLevel(before[2])
    logging.getLogger("bot").setLevel(before[3])
