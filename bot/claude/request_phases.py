"""The phases of a request in the trace of its turn: until the first text, and the stream of the text."""

from __future__ import annotations

from bot.conversation.request import Finished
from bot.telemetry import tracing


class RequestPhases:
    """The phases of one attempt at a request."""

    def __init__(self, model: str) -> None:
        self._phase = tracing.begin("request")
        self._phase.set({"gen_ai.request.model": model})
        self._has_text = False

    def text(self) -> None:
        """Note that text has arrived; the first one begins the phase of the stream."""
        if not self._has_text:
            self._has_text = True
            self._phase.end()
            self._phase = tracing.begin("stream")

    def failed(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """End with the error that ends the attempt; an exit callback."""
        if error is not None:
            self._phase.end(error)

    def finished(self, end: Finished | None) -> None:
        """End with the end of the reply, None if the stream ended before it."""
        if end is not None:
            self._phase.set(
                {
                    "gen_ai.response.model": end.model,
                    "gen_ai.usage.input_tokens": end.usage.input_total,
                    "gen_ai.usage.output_tokens": end.usage.output,
                    "anthropic.stop_reason": end.stop_reason,
                    "anthropic.request_id": end.request_id,
                }
            )
        self._phase.end()
