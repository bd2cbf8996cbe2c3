"""Every setting of the server and the command line, read once; nothing else reads the environment.

The agent does not use this module: it takes its few options from its command line, so that a monitored host needs
no validation library.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cmdb.errors import Misconfigured

Port = Annotated[int, Field(ge=1, le=65535)]


def _xdg(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback) / "epicentre"


class Settings(BaseSettings):
    """All settings, each an environment variable `EPICENTRE_<NAME>`; the description is its documentation."""

    model_config = SettingsConfigDict(env_prefix="EPICENTRE_", frozen=True, extra="ignore")

    home: Path = Field(
        default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share"),
        description="The one data folder: graph, inbox, accounts, keys, logs.",
    )
    cache: Path = Field(
        default_factory=lambda: _xdg("XDG_CACHE_HOME", ".cache"),
        description="Where downloaded Neo4j jars are kept, shared by every data folder of this user.",
    )
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: Port = Field(8480, description="Port the server listens on.")
    url: str | None = Field(None, description="Server the command line asks; default: the one on this machine.")
    token_file: Path | None = Field(
        None, description="File with the API token the command line uses; default: the data folder's own."
    )
    neo4j_uri: str | None = Field(
        None, description="A Neo4j 5.26 or later to use instead of the embedded one, e.g. bolt://db:7687."
    )
    neo4j_user: str = Field("neo4j", description="User for EPICENTRE_NEO4J_URI.")
    neo4j_password_file: Path | None = Field(None, description="File with the password for EPICENTRE_NEO4J_URI.")
    neo4j_database: str | None = Field(None, description="Database at EPICENTRE_NEO4J_URI; default: its home database.")
    neo4j_port: Port = Field(17687, description="Bolt port of the embedded Neo4j, on 127.0.0.1.")
    neo4j_heap_mib: int = Field(512, ge=128, description="Most heap of the embedded Neo4j, in MiB.")
    neo4j_page_cache_mib: int = Field(256, ge=16, description="Page cache of the embedded Neo4j, in MiB.")
    neo4j_java_options: str = Field(
        "", description="More options for the embedded Neo4j's Java, separated by spaces, e.g. -Xlog:gc."
    )
    classes: Path | None = Field(
        None,
        description="Folder with YAML or Python files that add classes, attributes and relations; "
        "default: `classes` in the data folder.",
    )
    jars: Path | None = Field(None, description="Folder that already holds the Neo4j jars; nothing is downloaded.")
    maven_mirror: str | None = Field(None, description="Base URL of a Maven mirror to fetch the Neo4j jars from.")
    webhook_networks: str = Field(
        "", description="Networks webhooks may be sent to besides the public internet, e.g. 10.0.0.0/8,192.168.7.9/32."
    )
    mail_server: str | None = Field(
        None, description="Mail server that notices go by, e.g. mail.example.org:587; default: none are sent."
    )
    mail_from: str = Field("epicentre@localhost", description="Address that notices come from.")
    mail_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to the mail server is kept secret: starttls, tls or none."
    )
    mail_user: str | None = Field(None, description="User at the mail server, if it wants one.")
    mail_password_file: Path | None = Field(None, description="File with the password for EPICENTRE_MAIL_USER.")
    priority_matrix: str = Field(
        "servicenow",
        description="Matrix by which impact and urgency make a priority: servicenow, itop, glpi, or one of your own.",
    )
    inventory_tokens_file: Path | None = Field(
        None,
        description="File with a line `site token` for each site whose GLPI agents may report to /inventory; "
        "default: nobody may.",
    )
    unauthorised_changes: bool = Field(
        False,
        description="Whether what discovery sees and no change planned opens a follow-up, in the whole estate.",
    )
    report_max_mib: int = Field(
        20, ge=1, le=1024, description="Largest report, before and after decompression, in MiB."
    )
    agent_interval: int = Field(60, ge=1, description="Seconds between two reports of the agent `make run` starts.")

    @field_validator("home", "cache")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def classes_folder(self) -> Path:
        """Where users' own classes lie."""
        return self.classes or self.home / "classes"


def load(**overrides: object) -> Settings:
    """The settings from the environment, `overrides` first; a bad one is refused by variable, value and reason."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic, which is the point
    except ValidationError as error:
        first = error.errors()[0]
        name = "EPICENTRE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured(f"{name}={first['input']!r} is not usable: {first['msg'].lower()}") from error
