"""A client that others made (pytest-lsp) plays a session with the server."""
import os
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

TEXT = "services:\n  web: # 😀\n    image: nginx:1.27\n"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[os.environ["ROFS_HARDEN"], "server"]))
async def client(lsp_client: LanguageClient):
    # The client says that it can, and leaves it to the test.
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
    params = types.InitializeParams(capabilities=client_capabilities("visual-studio-code"))
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


def opened(client: LanguageClient, path: Path) -> str:
    path.write_text(TEXT)
    item = types.TextDocumentItem(uri=path.as_uri(), language_id="yaml", version=1, text=TEXT)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    return path.as_uri()


@pytest.mark.asyncio
async def test_findings_actions_and_more(client: LanguageClient, tmp_path: Path):
    uri = opened(client, tmp_path / "compose.yaml")
    document = types.TextDocumentIdentifier(uri=uri)
    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(text_document=document))
    found = next(d for d in report.items if d.code == "writable-root")
    assert found.range == types.Range(types.Position(1, 2), types.Position(1, 5))
    assert found.code_description.href.endswith("writable-root.md")

    context = types.CodeActionContext(diagnostics=[found])
    params = types.CodeActionParams(text_document=document, range=found.range, context=context)
    actions = await client.text_document_code_action_async(params)
    [preferred] = [action for action in actions if action.is_preferred]
    chosen = preferred if preferred.edit else await client.code_action_resolve_async(preferred)
    [change] = chosen.edit.document_changes
    assert (change.text_document.uri, change.text_document.version) == (uri, 1)
    assert "read_only: true" in change.edits[0].new_text

    place = types.Position(1, 3)
    hover = await client.text_document_hover_async(types.HoverParams(text_document=document, position=place))
    assert "writable surface 20" in hover.contents.value
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(text_document=document))
    assert [lens.command.title for lens in lenses] == ["writable root · 2 mounts would harden it"]


@pytest.mark.asyncio
async def test_other_files_get_nothing(client: LanguageClient, tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("replicas: 3\n")
    item = types.TextDocumentItem(uri=path.as_uri(), language_id="yaml", version=1, text=path.read_text())
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    document = types.TextDocumentIdentifier(uri=path.as_uri())
    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(text_document=document))
    assert not report.items
