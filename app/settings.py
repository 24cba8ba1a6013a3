"""One frozen Settings, read from TRIVENI_* variables once and handed on."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every setting of the service; each may be given as ``TRIVENI_<NAME>`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="TRIVENI_", frozen=True, extra="ignore")

    database_url: str = f"sqlite:///{ROOT / 'var' / 'triveni.sqlite3'}"
    """SQLAlchemy URL; a local SQLite file unless set."""

    seeds: Path = ROOT / "seeds"
    """Folder of dated facts: controls, markets, sectors, firms."""

    model_folder: Path = ROOT / "var" / "models"
    """Folder in which packed weights are unpacked once (470 MB)."""

    encoder: str | None = None
    """Another encoder: a sentence-transformers folder, or organisation/model@revision of a hub within reach."""

    oidc_issuer: str | None = None
    """Issuer URL of an OpenID provider, exactly as it writes it; accounts are linked to its subjects."""

    oidc_client_id: str | None = None
    """This service's id at the provider."""

    oidc_client_secret: SecretStr | None = None
    """This service's secret at the provider; unset for a public client."""

    oidc_redirect_uri: str | None = None
    """The address to which the provider sends people back: this service's own, and then ``/sign-in/callback``."""

    oidc_name: str | None = None
    """What people call the provider, for the button of the sign-in page; its host unless set."""

    host: str = "127.0.0.1"
    """Address that ``triveni serve`` listens on."""

    port: int = 8000
    """Port that ``triveni serve`` listens on."""

    log_json: bool = True
    """Log as JSON lines; false gives coloured lines for a person."""

    webhooks_allow_private: bool = False
    """Let webhooks go to http and to addresses of the operator's own network, for systems of the operator's own."""

    rule_max_age_days: int = 180
    """A rule read longer ago than this many days is reported as stale."""

    routing_url: str | None = None
    """An OSRM-like routing service whose road times replace the reckoned ones; unset: great circle and speeds."""
