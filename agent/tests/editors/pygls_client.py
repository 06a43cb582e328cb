"""Opens config.alloy of the current folder with pygls' client, whose types (lsprotocol) are made from the protocol's own description: an answer
that does not keep to it cannot be read. Prints what an editor would show.

Run by tests/e2e/lsp_editors.rs: python3 pygls_client.py, the program in ALLOY_RS. Needs `pip install pygls`.
"""

import asyncio
import os
import pathlib

from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient


async def main():
    path = pathlib.Path("config.alloy").resolve()
    uri = path.as_uri()
    text = path.read_text()
    client = BaseLanguageClient("pygls", "1")
    told = asyncio.get_running_loop().create_future()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def findings(params: types.PublishDiagnosticsParams):
        if not told.done():
            told.set_result(params.diagnostics)

    await client.start_io(os.environ["ALLOY_RS"], "lsp")
    answer = await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                text_document=types.TextDocumentClientCapabilities(
                    document_symbol=types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True),
                ),
            ),
            workspace_folders=[types.WorkspaceFolder(uri=path.parent.as_uri(), name="home")],
        )
    )
    print("server", answer.server_info.name, answer.capabilities.position_encoding)
    client.initialized(types.InitializedParams())
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "alloy", 1, text))
    )
    found = await asyncio.wait_for(told, 60)
    for finding in found:
        print("finding", finding.range.start.line + 1, finding.range.start.character + 1, finding.code)
    document = types.TextDocumentIdentifier(uri)
    everything = types.Range(types.Position(0, 0), types.Position(99, 0))
    at = types.Position(2, 26)
    hover = await client.text_document_hover_async(types.HoverParams(document, at))
    print("hover", hover.contents.value.splitlines()[0])
    place = await client.text_document_definition_async(types.DefinitionParams(document, at))
    print("definition in line", place.range.start.line + 1)
    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    print("outline", [symbol.name for symbol in symbols])
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(document, everything, types.CodeActionContext(found))
    )
    print("actions", [(action.title, action.kind) for action in actions])
    tokens = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    print("tokens", len(tokens.data) % 5)
    folds = await client.text_document_folding_range_async(types.FoldingRangeParams(document))
    print("folds", [(fold.start_line, fold.end_line) for fold in folds])
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, everything))
    print("hints", [hint.label for hint in hints])
    help = await client.text_document_signature_help_async(types.SignatureHelpParams(document, types.Position(7, 12)))
    print("signature", help.signatures[0].label)
    selections = await client.text_document_selection_range_async(types.SelectionRangeParams(document, [at]))
    print("selection", selections[0].range.start.character, selections[0].parent is not None)
    renamed = await client.text_document_rename_async(
        types.RenameParams(document, types.Position(5, 14), "sink")
    )
    print("renames", len(renamed.changes[uri]))
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


asyncio.run(main())
