"""Replicas of the server behind Ray Serve's proxies.

    serve run deploy.ray_serve:app config=deploy/serve.yaml replicas=4 gpus=1

Needs `pip install "ray[serve]"` beside what the server itself needs, on every machine, and models by names that mean
the same everywhere. Each replica is a whole server with an engine of its own: batches are formed in it, a shared cache
joins them. Ray asks each after its health, and replaces one whose engine is dead.

Source: https://docs.ray.io/en/latest/serve/http-guide.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedrank.cli.serve_settings import serve_settings
from embedrank.core.errors import EngineFailedError, InvalidInputError

if TYPE_CHECKING:
    from ray.serve import Application

    from embedrank.serving.settings import ServeSettings

DEFAULTS: dict[str, Any] = {"config": None, "replicas": 1, "max_replicas": None, "gpus": 0, "cpus": 2}


class Replica:
    """One server, as Ray looks at it; `serve.ingress` adds the app."""

    app: Any

    def check_health(self) -> None:
        """Called by Ray every few seconds.

        Raises:
            EngineFailedError: If the engine is dead or stuck, so that the replica is replaced.
        """
        health = self.app.state.service.health()
        if not health.is_well:
            raise EngineFailedError(health.reason)


def app(arguments: dict[str, Any]) -> Application:
    """What `serve run` and `serve deploy` call.

    Args:
        arguments: `config`, a YAML file as `embedrank serve --config` takes it, which is read here once and sent to the
            replicas, keys included; `replicas`; `max_replicas`, up to which their number follows the load; `gpus` and
            `cpus` of each replica.

    Returns:
        The application.
    """
    settings, options = settings_of(arguments), options_of(arguments)
    from ray import serve

    def build() -> Any:
        from embedrank.serving.app import create_app

        return create_app(settings)

    return serve.deployment(serve.ingress(build)(Replica), **options).bind()  # type: ignore[no-any-return]


def settings_of(arguments: Mapping[str, Any]) -> ServeSettings:
    """Settings of every replica; its address is Ray's affair, and so is the name it is called by.

    Args:
        arguments: As `app` takes them.

    Returns:
        The checked settings.

    Raises:
        InvalidInputError: If an argument is unknown.
        EmbedrankError: If the file cannot be used.
    """
    unknown = sorted(set(arguments) - set(DEFAULTS))
    if unknown:
        raise InvalidInputError(unknown[0], f"is none of {', '.join(DEFAULTS)}")
    config = arguments.get("config")
    return serve_settings(
        config=None if config is None else Path(config),
        embedders=(),
        rerankers=(),
        no_rerank=False,
        key_file=None,
        options={"host": "0.0.0.0"},
        model_options={},
        set_=(),
    )


def options_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the deployment.

    Args:
        arguments: As `app` takes them; from a command line all are text.

    Returns:
        Keywords of `serve.deployment`.
    """
    chosen = {**DEFAULTS, **arguments}
    settings = settings_of(arguments)
    replicas = int(chosen["replicas"])
    options: dict[str, Any] = {
        "name": "embedrank",
        "ray_actor_options": {"num_cpus": float(chosen["cpus"]), "num_gpus": float(chosen["gpus"])},
        # The engine's own bound refuses in the client's dialect, so Ray's lies above it.
        "max_ongoing_requests": 2 * settings.engine.max_requests,
        "graceful_shutdown_timeout_s": settings.drain_timeout_s,
    }
    if chosen["max_replicas"] is None:
        return {**options, "num_replicas": replicas}
    scaling = {
        "min_replicas": replicas,
        "max_replicas": int(chosen["max_replicas"]),
        "target_ongoing_requests": settings.engine.max_requests // 4,
    }
    return {**options, "autoscaling_config": scaling}
