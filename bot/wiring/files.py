"""The step of a turn that reads attached files."""

from __future__ import annotations

from dataclasses import replace

from bot.claude.client import Claude
from bot.config import Settings
from bot.conversation.tokens import is_older
from bot.files.convert import Converter
from bot.files.result import Limits
from bot.files.token_budget import TokenBudget
from bot.files.transcribe import Transcriber
from bot.gateway.connection.attachments import Attachments
from bot.store.claim import Claim
from bot.turns.claim_terms import TermsOf
from bot.turns.file_contents import FileContents
from bot.turns.uploads import Uploads
from bot.wiring.policies import secret_of
from bot.wiring.store import Store


def build_file_contents(
    settings: Settings, store: Store, claude: Claude, attachments: Attachments, terms_of: TermsOf
) -> FileContents:
    """Build the step that reads attached files."""

    async def token_budget(claim: Claim) -> TokenBudget:
        terms = await terms_of(claim)
        return TokenBudget.of(terms.trimming.low_tokens, older=is_older(terms.parameters.model))

    limits = Limits(settings.claude.image_max_edge, settings.files.pdf_pages, settings.files.text_chars)
    uploads = Uploads(claude.files, store.held_files, secret_of(settings), settings.claude.files)
    contents = FileContents(
        attachments.download, Converter(limits), uploads.source, store.files, token_budget
    )
    voice = settings.voice
    if voice.url is None:
        return contents
    transcriber = Transcriber(
        voice.url,
        api_key=voice.api_key.get_secret_value() if voice.api_key else "",
        model=voice.model,
        max_seconds=voice.max_minutes * 60,
        timeout_s=voice.timeout_s,
        text_chars=settings.files.text_chars,
    )
    return replace(contents, transcribe=transcriber.transcribe)
