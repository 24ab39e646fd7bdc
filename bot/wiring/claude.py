"""The Claude client, and the check of the key, the address and the model at the start."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from bot.claude.client import Claude
from bot.claude.operator_errors import hint
from bot.config import Exit, Settings
from bot.conversation.errors import ClaudeKeyRefused, ClaudeModelUnknown, ClaudeWrongAddress, StartError
from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

ANTHROPIC_URL = "https://api.anthropic.com"


async def build_claude(
    settings: Settings,
    metrics: Metrics,
    stack: AsyncExitStack,
    observe: Callable[[str], None] = lambda _: None,
) -> Claude:
    """Build the shared client, which reports outcomes to `observe`; StartError for a key that cannot be sent."""
    key = settings.claude.api_key.get_secret_value() if settings.claude.api_key else ""
    try:
        claude = Claude(
            api_key=key,
            # Always given, because the SDK takes an empty ANTHROPIC_BASE_URL for an address.
            base_url=settings.claude.base_url or ANTHROPIC_URL,
            first_text_timeout_s=settings.claude.first_text_timeout_s,
            stall_timeout_s=settings.claude.stall_timeout_s,
            requests_max=settings.claude.max_requests,
            successor=settings.claude.successor,
            metrics=metrics,
            observe=observe,
        )
    except ClaudeKeyRefused as error:
        raise _key_refused(error) from error
    metrics.claude_running.set_function(lambda: claude.queue.running)
    metrics.claude_waiting.set_function(lambda: claude.queue.waiting)
    return await stack.enter_async_context(claude)


async def check_model(claude: Claude, model: str, *, has_fallback: bool = False) -> None:
    """Ask the Models API for the model; raises StartError that names the setting to change.

    With a fallback the bot starts though the model is gone.
    """
    try:
        await claude.check_model(model)
    except ClaudeKeyRefused as error:
        raise _key_refused(error) from error
    except ClaudeWrongAddress as error:
        raise StartError(
            f"There is no Claude API at ANTHROPIC_BASE_URL ({error}): {hint(error)}", exit_code=Exit.SETTINGS
        ) from error
    except ClaudeModelUnknown as error:
        instead = f"to {error.successor!r}" if error.successor else "to another"
        if has_fallback:
            log.warning("model_unavailable", model=model, hint=f"change claude.model {instead}")
            return
        raise StartError(
            f"The model {model!r} is not available ({error}): change claude.model (BOT_CLAUDE__MODEL) {instead}",
            exit_code=Exit.CLAUDE_MODEL,
        ) from error


def _key_refused(error: ClaudeKeyRefused) -> StartError:
    return StartError(f"Claude refused the API key ({error}): {hint(error)}", exit_code=Exit.CLAUDE_KEY)
