"""Logging of the controllers: readable on a terminal, JSON lines elsewhere, always on stderr."""

import logging
import sys

import structlog


def configure(style: str = "") -> None:
    """Sets logging up; `style` is text, json, or empty for whatever suits where stderr goes."""
    text = style == "text" or (not style and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    final: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if text else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, final],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpx2", "apprise"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
