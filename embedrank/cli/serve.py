"""`embedrank serve`: models over HTTP, for clients that are already there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedrank.cli import options
from embedrank.cli.console import note, out

if TYPE_CHECKING:
    from embedrank.serving.settings import ServeSettings


def serve(
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "--embedder",
            "-m",
            envvar="EMBEDRANK_MODEL",
            help="Embedder: preset, folder or hub id, or NAME=ONE OF THESE; again for more. Default: nano.",
        ),
    ] = None,
    reranker: Annotated[
        list[str] | None,
        typer.Option(
            "--reranker",
            "-r",
            envvar="EMBEDRANK_RERANKER",
            help="Reranker, likewise; again for more. Default: the embedder's own.",
        ),
    ] = None,
    no_rerank: options.NoRerank = False,
    index: Annotated[
        str | None, typer.Option("--index", "-i", "--in", envvar="EMBEDRANK_INDEX", help="Index to search.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 for any that is free. Default: 8000.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="YAML file of settings.")] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(help="File of API keys, one a line: KEY or NAME=KEY. Also: EMBEDRANK_API_KEYS, with commas."),
    ] = None,
    cache: Annotated[
        str | None,
        typer.Option(help="Where vectors are kept: memory://, redis://HOST, sqlite:///PATH or none://."),
    ] = None,
    max_length: Annotated[int | None, typer.Option(help="Most tokens read of a text. Default: the model's.")] = None,
    dtype: options.Dtype = None,
    device: options.Device = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any setting by name, such as limits.max_items=1000; again for more."),
    ] = None,
) -> None:
    """Serve models over HTTP in the dialects of OpenAI, Cohere, Jina, TEI and vLLM, with a search page."""
    from embedrank.core.packages import require_packages

    require_packages(
        "embedrank serve", "fastapi", "uvicorn", "prometheus_client", "python_multipart", "yaml", extra="serve"
    )
    from embedrank.cli.serve_settings import serve_settings

    settings = serve_settings(
        config=config,
        embedders=embedder or [],
        rerankers=reranker or [],
        no_rerank=no_rerank,
        key_file=api_key_file,
        options={"index": index, "host": host, "port": port, "cache": cache},
        model_options={"dtype": dtype, "device": device, "max_length": max_length},
        set_=set_ or [],
    )
    _run(settings)


def _run(settings: ServeSettings) -> None:
    from embedrank.cli.serve_settings import is_loopback
    from embedrank.serving.running import listening, run

    with listening(settings.host, settings.port) as opened:
        import embedrank
        from embedrank.serving.app import create_app
        from embedrank.serving.observing.logs import write_json_lines

        if not is_loopback(settings.host) and not settings.access.keys:
            note(f"other machines can call {settings.host}, and no API key is asked for (see --api-key-file)")
        write_json_lines(settings.log.level)
        models = {**settings.embedders, **settings.rerankers}

        def tell(url: str) -> None:
            out().print(f"embedrank serves {', '.join(models)} at {url}", soft_wrap=True)

        run(create_app(settings, version=embedrank.__version__), settings, opened, on_start=tell)
