"""`embedrank serve`: models over HTTP, for clients that are already there."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    model: Annotated[str, typer.Option("--model", "--embedder", help="Embedder: preset, folder or hub id.")] = "nano",
    reranker: Annotated[str | None, typer.Option(help="Reranker. Default: the embedder's own.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any that is free.")] = 8000,
) -> None:
    """Serve models over HTTP in the dialects of OpenAI, Cohere, Jina, TEI and vLLM."""
    import uvicorn

    from embedrank.cli.wiring import partner_of
    from embedrank.serving.app import create_app
    from embedrank.serving.settings import ModelSettings, ServeSettings

    judge = reranker or partner_of(model)
    settings = ServeSettings(
        host=host,
        port=port,
        embedders={model: ModelSettings()},
        rerankers={judge: ModelSettings()} if judge else {},
    )
    uvicorn.run(create_app(settings), host=host, port=port)
