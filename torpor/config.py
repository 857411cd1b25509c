"""torpor.yaml: what may stand in it, its defaults, and errors that name the file, the line and what is allowed.

The description of each setting is its documentation: `torpor config` prints it and a test holds the README to it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from torpor.app_settings import AppSettings, Duration, Finding, Strict, bad_names, bad_needs, shared_routes
from torpor.apply_settings import ApplySettings
from torpor.headroom_settings import HeadroomSettings, TolerationSettings
from torpor.kubernetes_settings import KubernetesSettings
from torpor.link import Policy
from torpor.savings_settings import PriceSettings, RequestsSettings
from torpor.words import Mode, PageMode, Visitor
from torpor.yamlfile import Document, Mistake, YamlError, read_yaml

DEFAULT_FILE = "torpor.yaml"


class ConfigError(Exception):
    """A configuration that cannot be used. One line a mistake: file, line, what, and what is allowed."""

    def __init__(self, file: str, mistakes: list[Mistake]) -> None:
        self.file = file
        self.mistakes = mistakes
        super().__init__(
            "\n".join(f"{file}:{m.line}: {m.message}" if m.line else f"{file}: {m.message}" for m in mistakes)
        )


def _endpoint(value: object) -> tuple[str, int]:
    host, colon, port = str(value).rpartition(":")
    if isinstance(value, str) and colon and port.isdecimal() and 0 <= int(port) < 65536:
        return host.strip("[]") or "0.0.0.0", int(port)
    raise ValueError(f"{value!r} is not an address to listen on; allowed is HOST:PORT such as 127.0.0.1:8080")


Endpoint = Annotated[tuple[str, int], PlainValidator(_endpoint)]


class TlsSettings(Strict):
    """How visitors come in over TLS."""

    listen: Endpoint = Field(("127.0.0.1", 8443), description="Where visitors come in over TLS. Port 0: any free one.")
    certificates: Path = Field(
        description="A directory of certificates with their keys, looked at every few seconds: `NAME.pem` that holds "
        "both, or `NAME.crt` and `NAME.key`; relative to torpor.yaml.",
    )
    redirect: bool = Field(
        False, description="Whether visitors who come without TLS are sent to it (308), at the same host and path."
    )

    @field_validator("certificates")
    @classmethod
    def _beside(cls, directory: Path, info: ValidationInfo) -> Path:
        base: Path = (info.context or {}).get("base", Path())
        return (base / directory.expanduser()).resolve()


class Settings(Strict):
    """torpor.yaml, with the defaults filled in."""

    listen: Endpoint = Field(("127.0.0.1", 8080), description="Where visitors come in. Port 0: any free one.")
    api: Endpoint = Field(("127.0.0.1", 8081), description="REST, status page and metrics. Port 0: any free one.")
    engine: Literal["auto", "mitmproxy", "haproxy"] = Field(
        "auto",
        description="What moves the bytes: `mitmproxy`, `haproxy` (2.6 or later has to be installed), or `auto`: "
        "HAProxy where it is installed, else mitmproxy.",
    )
    tls: TlsSettings | None = Field(None, description="TLS for visitors, with the engine HAProxy. Default: none.")
    kubernetes: KubernetesSettings | None = Field(
        None, description="The apps are those of a cluster, for `torpor scaler`. Default: the apps are those in `apps`."
    )
    token: str | None = Field(
        None,
        min_length=16,
        description="When set, every change over the API and an app's output take "
        "`Authorization: Bearer …`. Better given in the environment as `TORPOR_TOKEN`.",
    )
    log_directory: Path = Field(
        Path(".torpor/logs"),
        validate_default=True,
        description="Where the apps' output is kept, bounded; relative to torpor.yaml.",
    )
    log_bytes: int = Field(
        1024 * 1024, ge=4096, le=1024**3, description="How much output is kept of each app, in bytes."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        description="Networks whose `X-Forwarded-*` and `Forwarded` headers are "
        "believed, such as `10.0.0.0/8`. Default: nobody's.",
    )
    max_held: int = Field(10_000, ge=1, le=100_000, description="Visits held at once over all apps; more get 503.")
    max_connections: int | None = Field(
        None,
        ge=10,
        le=100_000,
        description="Visitors' connections at once; more get 503. Default: as many as the limit on open files allows, "
        "at most 50000 with HAProxy and 10000 with mitmproxy.",
    )
    drain_timeout: Duration = Field(30.0, description="How long visits in flight may take to end when Torpor stops.")
    idle_timeout: Duration = Field(300.0, description="Default of the apps' `idle_timeout`.")
    wake_timeout: Duration = Field(60.0, description="Default of the apps' `wake_timeout`.")
    stop_timeout: Duration = Field(10.0, description="Default of the apps' `stop_timeout`.")
    hold: Duration = Field(10.0, description="Default of the apps' `hold`.")
    page: PageMode = Field(PageMode.AUTO, description="Default of the apps' `page`.")
    page_log: bool = Field(False, description="Default of the apps' `page_log`.")
    wake_for: tuple[Visitor, ...] = Field(
        (Visitor.PERSON, Visitor.AUTOMATED_BROWSER, Visitor.PROGRAM),
        description="Default of the apps' `wake_for`.",
    )
    monitor_status: Literal[200, 503] = Field(503, description="Default of the apps' `monitor_status`.")
    mode: Mode = Field(Mode.SLEEP, description="Default of the apps' `mode`.")
    price: PriceSettings | None = Field(
        None, description="By which savings are told in money, too. Default: they are not."
    )
    brand: Path | None = Field(
        None,
        description="A directory with a look of your own for the waiting page and the other pages: `style.css`, "
        "`logo.svg`, templates; relative to torpor.yaml. Default: Torpor's own.",
    )
    apps: dict[str, AppSettings] = Field({}, description="The apps, by name.")

    @field_validator("log_directory", "brand")
    @classmethod
    def _beside(cls, directory: Path | None, info: ValidationInfo) -> Path | None:
        base: Path = (info.context or {}).get("base", Path())
        return directory and (base / directory.expanduser()).resolve()

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            if not _is_network(network):
                raise ValueError(f"{network!r} is not a network; allowed is such as 10.0.0.0/8 or 127.0.0.1")
        return networks

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for where, message in [
            *_bad_tls(self),
            *_two_sources(self),
            *bad_names(self.apps),
            *shared_routes(self.apps),
            *bad_needs(self.apps),
        ]:
            # One at a time: pydantic stops at the first; the place travels in the error's context.
            raise PydanticCustomError("torpor", "{message}", {"message": message, "where": where})
        return self

    def policy(self, name: str) -> Policy:
        """The app's rules for the doorman, defaults filled in."""
        app, default = self.apps[name], self.default_policy()
        return Policy(
            wake_timeout=_or(app.wake_timeout, default.wake_timeout),
            hold=_or(app.hold, default.hold),
            page=app.page or default.page,
            wake_for=_or(app.wake_for, default.wake_for),
            monitor_status=app.monitor_status or default.monitor_status,
            max_held=app.max_held or default.max_held,
            page_log=_or(app.page_log, default.page_log),
        )

    def default_policy(self) -> Policy:
        """The rules of an app that says nothing of its own."""
        return Policy(
            wake_timeout=self.wake_timeout,
            hold=self.hold,
            page=self.page,
            wake_for=self.wake_for,
            monitor_status=self.monitor_status,
            max_held=self.max_held,
            page_log=self.page_log,
        )

    def idle(self, name: str) -> float:
        """Seconds until the app sleeps; 0 is never."""
        return _or(self.apps[name].idle_timeout, self.idle_timeout)

    def app_mode(self, name: str) -> Mode:
        """Whether the app sleeps, or only would."""
        return _or(self.apps[name].mode, self.mode)

    def stop(self, name: str) -> float:
        """Seconds between SIGTERM and SIGKILL."""
        return _or(self.apps[name].stop_timeout, self.stop_timeout)


def _is_network(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "%" not in text  # a zone may be any text


def _or[T](own: T | None, default: T) -> T:
    return default if own is None else own


def read_settings(file: Path) -> Settings:
    """The settings of a file. Raises ConfigError."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            str(file), [Mistake(None, "there is no such file; `torpor demo` shows one that works")]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), [Mistake(None, f"cannot be read: {error}")]) from None
    return parse_settings(text, name=str(file), base=file.resolve().parent)


def parse_settings(text: str, *, name: str = DEFAULT_FILE, base: Path = Path()) -> Settings:
    """The settings of a text. Relative paths in it start at `base`. Raises ConfigError."""
    try:
        document = read_yaml(text)
    except YamlError as error:
        raise ConfigError(name, error.mistakes) from None
    data = document.data if document.data is not None else {}
    try:
        return Settings.model_validate(data, context={"base": base})
    except ValidationError as error:
        raise ConfigError(name, [_mistake(detail, document) for detail in error.errors(include_url=False)]) from None


def _mistake(detail: Any, document: Document) -> Mistake:
    place = tuple(part for part in detail["loc"] if part != "[key]")
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "torpor":
        place = tuple(detail["ctx"]["where"])
    elif detail["type"] == "extra_forbidden":
        models: dict[tuple[str, int], type[BaseModel]] = {
            ("apps", 3): AppSettings,
            ("apps", 4): RequestsSettings,
            ("kubernetes", 2): KubernetesSettings,
            ("kubernetes.apply", 3): ApplySettings,
            ("kubernetes.headroom", 3): HeadroomSettings,
            ("kubernetes.headroom", 5): TolerationSettings,
            ("price", 2): PriceSettings,
            ("tls", 2): TlsSettings,
        }
        part = ".".join(str(name) for name in place[: 2 if place[0] == "kubernetes" and len(place) > 2 else 1])
        model = models.get((part, len(place)), Settings)
        message = f"unknown setting {place[-1]!r}; allowed are {', '.join(model.model_fields)}"
    elif detail["type"] == "missing":
        message = f"{place[-1]!r} is missing"
    elif detail["type"] in ("model_type", "dict_type", "model_attributes_type"):
        message = f"expected settings with names here, got {type(detail['input']).__name__}"
    elif detail["type"] == "tuple_type":
        message = f"{detail['input']!r} is not a list; write [{detail['input']}]"
    elif not message.startswith(repr(detail["input"])):
        message = f"{detail['input']!r} is not allowed: {message[:1].lower()}{message[1:]}"
    where = ".".join(str(part) for part in place)
    return Mistake(document.line(place), f"{where}: {message}" if where else message)


def _bad_tls(settings: Settings) -> list[Finding]:
    if settings.tls is None or settings.engine != "mitmproxy":
        return []
    return [(("tls",), "the engine mitmproxy does not do TLS; allowed with tls are engine: haproxy and engine: auto")]


def _two_sources(settings: Settings) -> list[Finding]:
    if settings.kubernetes is None or not settings.apps:
        return []
    return [(("apps",), "with kubernetes the apps are those of the cluster; allowed is one of the two")]
