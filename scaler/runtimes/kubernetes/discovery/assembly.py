"""The apps, put together again where something has changed, and only there."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scaler.runtimes.kubernetes.discovery.advice import advice, annotation_problems, label_problems
from scaler.runtimes.kubernetes.discovery.app_found import Parts, app_found
from scaler.runtimes.kubernetes.discovery.backing import backing_found, backing_id, backing_problems
from scaler.runtimes.kubernetes.discovery.behind import Behind, behind, shared
from scaler.runtimes.kubernetes.discovery.claims import Claim, Claims, ServiceKey, rank
from scaler.runtimes.kubernetes.discovery.conflicts import conflict_problem, need_problems, same_name
from scaler.runtimes.kubernetes.discovery.dirty import Dirty
from scaler.runtimes.kubernetes.discovery.doors import Lead
from scaler.runtimes.kubernetes.discovery.found import Found, Problem
from scaler.runtimes.kubernetes.discovery.labels import BySelector
from scaler.runtimes.kubernetes.discovery.needs import Needs
from scaler.runtimes.kubernetes.discovery.problem_book import ProblemBook
from scaler.runtimes.kubernetes.discovery.scalers import Scalers
from scaler.runtimes.kubernetes.discovery.services import Services
from scaler.runtimes.kubernetes.discovery.ways import Way
from scaler.runtimes.kubernetes.discovery.workloads import Workloads
from scaler.runtimes.kubernetes.objects.annotations import AppSettings, Defaults, read_annotations
from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler, ScaledObject
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.workload import Workload
from torpor.routes import parse_route
from torpor.words import AppId


class Assembly:
    """Everything between objects and apps that has to be remembered so that a change costs only what it touches."""

    def __init__(self, defaults: Defaults, book: ProblemBook) -> None:
        self.apps: dict[AppId, Found] = {}
        self.workloads = Workloads()
        self.services = Services()
        self.autoscalers: Scalers[Autoscaler] = Scalers()
        self.scaled: Scalers[ScaledObject] = Scalers()
        self._defaults = defaults
        self._book = book
        self._claims = Claims()
        self._needs = Needs()
        self._settings: dict[AppId, AppSettings] = {}
        self._behind: dict[ServiceKey, Behind] = {}
        self._leading: dict[AppId, dict[ServiceKey, None]] = {}
        self._pods: BySelector[AppId] = BySelector()
        self._losers: dict[Way, set[Ref]] = {}
        self._blamed: dict[ServiceKey, set[Ref]] = {}

    def claim(self, source: Ref, claims: Iterable[Claim], problems: Iterable[Problem], dirty: Dirty) -> None:
        """These are all the routes that an object asks for now."""
        dirty.touch(self._claims.put(source, claims))
        self._book.put(source, "routes", problems)

    def forget(self, workload: Workload, dirty: Dirty) -> None:
        """A workload is gone, and what it said of itself."""
        self.claim(workload.ref, (), (), dirty)
        for topic in ("label", "app", "name"):
            self._book.put(workload.ref, topic, ())

    def selecting(self, namespace: str, labels: Mapping[str, str]) -> list[AppId]:
        """The apps to which a pod with these labels belongs."""
        found = []
        for app in self._pods.selecting(namespace, labels):
            selector = self.apps[app].selector
            if selector is not None and selector.matches(labels):
                found.append(app)
        return found

    def settle(self, dirty: Dirty) -> set[AppId]:
        """Look at everything again that has to be. The apps that have changed, come or gone."""
        changed: set[AppId] = set()
        for app in dirty.names:
            self._name(app, dirty)
        for way in dirty.ways:
            self._judge(way)
        for app in dirty.moved - dirty.names:
            self._move(app, dirty, changed)
        for key in dirty.services:
            self._service(key, dirty, changed)
        for app in dirty.apps | dirty.names:
            self._app(app, changed)
        return changed

    def _name(self, app: AppId, dirty: Dirty) -> None:
        """Which of the workloads of this name is the app, and what it says of itself."""
        holder = self.workloads.holder(app)
        for workload in self.workloads.named(app):
            self._book.put(workload.ref, "label", label_problems(workload))
            dirty.services.update(self.services.selecting(workload.ref.namespace, workload.labels))
            if workload is not holder:
                self.claim(workload.ref, (), (), dirty)
                self._book.put(workload.ref, "app", ())
                self._book.put(workload.ref, "name", same_name(workload, holder))
        if (holder is None) == (app in self._settings):
            dirty.apps.update(self._needs.needed_by(app))
        needs: tuple[AppId, ...] = ()
        self._settings.pop(app, None)
        if holder is not None:
            settings, bad = read_annotations(holder.annotations, holder.ref.namespace, self._defaults)
            self._settings[app] = settings
            place = rank(holder.ref, holder.created)
            claims = [Claim(parse_route(host), holder.ref, place, (), app) for host in settings.hosts]
            self.claim(holder.ref, claims, annotation_problems(holder, bad), dirty)
            self._book.put(holder.ref, "name", ())
            needs = settings.needs
        dirty.apps |= self._needs.put(app, needs)

    def _judge(self, way: Way) -> None:
        """Who loses where several ask for the same route."""
        right = self._claims.right(way)
        wrong = self._claims.wrong(way)
        losers = {claim.source for claim in wrong}
        for source in self._losers.pop(way, set()) - losers:
            self._book.put(source, way, ())
        for claim in wrong:
            if right is not None:
                self._book.put(claim.source, way, [conflict_problem(claim, right)])
        if losers:
            self._losers[way] = losers

    def _move(self, app: AppId, dirty: Dirty, changed: set[AppId]) -> None:
        """Its count or its version has changed, which matters to nobody else unless it shares a Service."""
        found, holder = self.apps.get(app), self.workloads.holder(app)
        if holder is None:
            for workload in self.workloads.named(app):
                self._book.put(workload.ref, "label", label_problems(workload))
        if found is None or holder is None or found.workload == holder:
            return
        self.apps[app] = replace(found, workload=holder)
        changed.add(app)
        dirty.services.update(key for key in self._leading.get(app, ()) if len(self._behind[key].apps) > 1)

    def _service(self, key: ServiceKey, dirty: Dirty, changed: set[AppId]) -> None:
        """What is behind a Service, as far as routes lead to it."""
        service, claims = self.services.get(key), self._claims.leading_to(key)
        before, after = self._behind.pop(key, Behind()), Behind()
        problems: list[Problem] = []
        if claims:
            workloads = self.workloads.selected(service)
            after, problems = behind(key, service, claims, workloads, self.workloads.holders(workloads))
            self._behind[key] = after
        found = backing_found(key, service, after, self.services.slices(key), self._defaults.policy)
        self._blame(key, [*problems, *backing_problems(service, after, found)])
        self._set(backing_id(key), found, changed)
        for app in before.apps.keys() - after.apps.keys():
            del self._leading[app][key]
            if not self._leading[app]:
                del self._leading[app]
        for app in after.apps:
            self._leading.setdefault(app, {})[key] = None
        if before != after:
            dirty.apps.update(before.apps, after.apps)

    def _blame(self, key: ServiceKey, problems: Iterable[Problem]) -> None:
        by_object: dict[Ref, list[Problem]] = {}
        for problem in problems:
            by_object.setdefault(problem.about, []).append(problem)
        for about in self._blamed.pop(key, set()) | by_object.keys():
            self._book.put(about, key, by_object.get(about, ()))
        if by_object:
            self._blamed[key] = set(by_object)

    def _app(self, app: AppId, changed: set[AppId]) -> None:
        """The app of a workload, put together."""
        holder = self.workloads.holder(app)
        if holder is None:
            if app in self.apps and self.apps[app].workload is not None:
                self._set(app, None, changed)
            return
        settings = self._settings[app]
        circle = self._needs.circle(app)
        needs = tuple(need for need in settings.needs if need in self._settings and need not in circle)
        team = holder.own_labels.get(self._defaults.team_label, "")
        parts = Parts(holder, settings, self._leads(app), needs, self.autoscalers.of(holder.ref), team)
        found = app_found(parts)
        self._set(app, found, changed)
        needed = any(True for _ in self._needs.needed_by(app))
        told = advice(found, needed=needed, keda=self.scaled.of(holder.ref))
        unmet = [need for need in settings.needs if need not in self._settings]
        self._book.put(holder.ref, "app", [*need_problems(holder, unmet, circle), *told])

    def _leads(self, app: AppId) -> list[Lead]:
        leads = [Lead(way, None) for way in self._claims.leading_to(app)]
        for key in sorted(self._leading.get(app, ())):
            behind = self._behind[key]
            leads += [shared(lead, behind.apps, app) for lead in behind.leads]
        return leads

    def _set(self, app: AppId, found: Found | None, changed: set[AppId]) -> None:
        before = self.apps.get(app)
        if before == found:
            return
        changed.add(app)
        if found is None:
            del self.apps[app]
        else:
            self.apps[app] = found
        selector = found.selector if found is not None else None
        if not selector:
            self._pods.remove(app)
        elif before is None or before.selector != selector:
            self._pods.put(app, app.partition("/")[0], selector.labels)
