"""The pages of a change: what is filled in, what will happen, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters

from statuspro._progress import counted
from statuspro.contrib.django.staff import sending
from statuspro.contrib.django.staff.copies import fetch, known
from statuspro.contrib.django.staff.deadline import Deadline
from statuspro.contrib.django.staff.kinds import KINDS, MOST_SINGLE, Kind
from statuspro.contrib.django.staff.plans import changes_since, difference, plan_of
from statuspro.contrib.django.staff.showing import confirmation, facts_of, record, results
from statuspro.contrib.django.staff.tasks import Task, database, new_task, task_of
from statuspro.contrib.django.staff.words import (
    FAILURES,
    FAILURES_OF_COPY,
    FAULTS_OF_ORDER,
    listed,
    told,
)

#: So many orders a page names.
MOST_NAMED = 50


class Pages:
    """The pages that an admin of orders has beside Django's own.

    Args:
        model_admin: the admin of orders.
    """

    def __init__(self, model_admin: Any) -> None:
        self._admin = model_admin
        self._site = model_admin.admin_site

    def urls(self) -> list[URLPattern]:
        """Gives the addresses; they come before those of the admin itself."""
        made = [
            path(
                f"<int:order_id>/{kind.path}/",
                self._view(partial(self._fill_in_for_one, kind)),
                name=f"statuspro_order_{kind.name}",
            )
            for kind in KINDS.values()
        ]
        return [
            *made,
            path("<int:order_id>/fetch/", self._view(self._fetch), name="statuspro_order_fetch"),
            path("tasks/<str:token>/", self._view(self._task), name="statuspro_order_task"),
            path("tasks/<str:token>/edit/", self._view(self._edit), name="statuspro_order_edit"),
        ]

    # Actions of the list

    def begin(self, kind: Kind, request: Any, chosen: Any) -> HttpResponse:
        """Goes from the list to the page that is filled in; refuses more orders than it takes."""
        number = chosen.count()
        back = request.get_full_path()
        if number > kind.most:
            self._say(
                request,
                f"You have chosen {counted(number)}, and one page takes up to {kind.most}. "
                f"Nothing was changed. {kind.beyond}",
                messages.ERROR,
            )
            return HttpResponseRedirect(back)
        ids = list(chosen.values_list("pk", flat=True))
        return self._redirect(new_task(request.user, kind.name, ids, back))

    def fetch_chosen(self, request: Any, chosen: Any) -> None:
        """Fetches the orders of the list that were chosen."""
        number = chosen.count()
        if number > MOST_SINGLE:
            self._say(
                request,
                f"You have chosen {counted(number)}, and up to {MOST_SINGLE} are fetched at a "
                "time. Nothing was fetched. For more, run manage.py statuspro_sync.",
                messages.ERROR,
            )
            return
        self._fetch_all(request, list(chosen))

    # Views

    def _view(self, view: Callable[..., HttpResponse]) -> Any:
        """Makes a view of the admin's that no transaction of the request undoes."""
        made = self._site.admin_view(sensitive_post_parameters("comment")(view))
        made.login_url = reverse_lazy("admin:login", current_app=self._site.name)
        # What was sent is sent: that it was must be stored whatever fails afterwards.
        return transaction.non_atomic_requests(using=database())(made)

    def _fill_in_for_one(self, kind: Kind, request: Any, order_id: int) -> HttpResponse:
        self._check(request, kind)
        if not known(self._admin.get_queryset(request), [order_id]):
            raise Http404("There is no such order.")
        back = self._url("change", order_id)
        return self._fill_in(request, kind, [order_id], back, {})

    def _edit(self, request: Any, token: str) -> HttpResponse:
        task, kind = self._find(request, token)
        initial = kind.form.initial_of(task.values) if task.values else {}
        return self._fill_in(request, kind, task.ids, task.back, initial)

    def _fill_in(
        self, request: Any, kind: Kind, ids: list[int], back: str, initial: dict[str, Any]
    ) -> HttpResponse:
        form = kind.form(request.POST if request.method == "POST" else None, initial=initial)
        orders = self._admin.get_queryset(request)
        if form.is_valid():
            return self._redirect(self._plan(request, kind, ids, back, form.values()))
        named = known(orders, ids[:MOST_NAMED])
        context = {
            "title": f"{kind.title} {self._names(named, ids)}",
            "form": form,
            "orders": named.values() if len(ids) > 1 else [],
            "more": len(ids) - MOST_NAMED,
            "facts": facts_of(next(iter(named.values()))) if len(ids) == 1 and named else None,
            "back": back,
        }
        return self._page(request, "fill_in", kind, context)

    def _task(self, request: Any, token: str) -> HttpResponse:
        task, kind = self._find(request, token)
        if not task.values:
            return self._fill_in(request, kind, task.ids, task.back, {})
        if request.method == "POST":
            return self._post(request, task, kind)
        orders = known(self._admin.get_queryset(request), task.ids)
        if task.sent_at is None:
            return self._page(request, "confirm", kind, confirmation(task, orders, MOST_NAMED))
        return self._page(request, "result", kind, results(task, orders))

    def _post(self, request: Any, task: Task, kind: Kind) -> HttpResponse:
        if task.sent_at is not None and "look" in request.POST:
            return self._look_again(request, task)
        if task.sent_at is not None and "again" in request.POST:
            return self._plan_unsent(request, task, kind)
        if task.sent_at is not None:
            return self._told_of_second(request, task)
        return self._send(request, task, kind)

    def _send(self, request: Any, task: Task, kind: Kind) -> HttpResponse:
        """Sends a task if its orders are what its page has shown, and if nobody has sent it."""
        orders = self._admin.get_queryset(request)
        deadline = Deadline()
        try:
            changed = changes_since(task.kind, task.ids, task.plan, orders, deadline)
        except (*FAILURES_OF_COPY, *FAULTS_OF_ORDER) as error:
            self._say(request, f"Nothing was sent. {told(error)}", messages.ERROR)
            return self._redirect(task)
        if changed:
            return self._plan_again(request, task, kind, changed)
        if not task.claim():
            return self._told_of_second(request, task)
        task.keep(sending.send(task.kind, task.ids, task.values, task.plan, deadline))
        record(request.user, task, known(orders, task.ids))
        return self._redirect(task)

    def _plan_again(
        self, request: Any, task: Task, kind: Kind, changed: dict[int, dict[str, Any]]
    ) -> HttpResponse:
        was = task.plan["orders"]
        said = [difference(was[str(order_id)], now) for order_id, now in changed.items()]
        self._say(
            request,
            f"Nothing was sent: {listed(said)}. Look at this page again before you send it.",
            messages.WARNING,
        )
        return self._redirect(self._plan(request, kind, task.ids, task.back, task.values))

    def _plan_unsent(self, request: Any, task: Task, kind: Kind) -> HttpResponse:
        """Asks anew about the orders of which it is certain that nothing was sent."""
        ids = sending.unsent(task.outcome or {})
        if not ids:
            return self._redirect(task)
        return self._redirect(self._plan(request, kind, ids, task.back, task.values))

    def _look_again(self, request: Any, task: Task) -> HttpResponse:
        if task.outcome is not None and task.kind == "move":
            try:
                task.keep(sending.look_again(task.outcome, task.values["status"]))
            except FAILURES as error:
                self._say(request, f"It is still not known. {told(error)}", messages.WARNING)
        return self._redirect(task)

    def _told_of_second(self, request: Any, task: Task) -> HttpResponse:
        said = "This was sent before. It was not sent again: this page says what became of it."
        self._say(request, said, messages.WARNING)
        return self._redirect(task)

    def _fetch(self, request: Any, order_id: int) -> HttpResponse:
        if not self._admin.has_fetch_permission(request):
            raise PermissionDenied
        found = known(self._admin.get_queryset(request), [order_id])
        if not found:
            raise Http404("There is no such order.")
        if request.method == "POST":
            self._fetch_all(request, list(found.values()))
        if not known(self._admin.get_queryset(request), [order_id]):
            return HttpResponseRedirect(self._url("changelist"))
        return HttpResponseRedirect(self._url("change", order_id))

    def _fetch_all(self, request: Any, orders: list[Any]) -> None:
        deadline, fetched = Deadline(), []
        for order in orders:
            try:
                if fetch(deadline.client(), order.pk):
                    fetched.append(order)
                else:
                    gone = f"The service has {order} no more, and the copy neither."
                    self._say(request, gone, messages.WARNING)
            except FAULTS_OF_ORDER as error:
                self._say(request, f"{order} was not fetched. {told(error)}", messages.ERROR)
            except FAILURES_OF_COPY as error:
                left = listed(orders[orders.index(order) :])
                self._say(request, f"Not fetched: {left}. {told(error)}", messages.ERROR)
                break
        if fetched:
            LogEntry.objects.log_actions(request.user.pk, fetched, CHANGE, "Fetched again.")
            self._say(request, f"Fetched again: {listed(fetched)}.", messages.SUCCESS)

    # What the views share

    def _check(self, request: Any, kind: Kind) -> None:
        if not getattr(self._admin, f"has_{kind.name}_permission")(request):
            raise PermissionDenied

    def _find(self, request: Any, token: str) -> tuple[Task, Kind]:
        task = task_of(request.user, token)
        if task is None:
            raise Http404("There is no such change, or it is older than a day.")
        kind = KINDS[task.kind]
        self._check(request, kind)
        return task, kind

    def _plan(
        self, request: Any, kind: Kind, ids: list[int], back: str, values: dict[str, Any]
    ) -> Task:
        plan = plan_of(kind.name, ids, values, self._admin.get_queryset(request))
        return new_task(request.user, kind.name, ids, back, values, plan)

    def _page(
        self, request: Any, name: str, kind: Kind, context: dict[str, Any]
    ) -> TemplateResponse:
        request.current_app = self._site.name
        whole = {
            **self._site.each_context(request),
            "opts": self._admin.opts,
            "media": self._admin.media,
            "kind": kind,
            **context,
        }
        return TemplateResponse(request, f"admin/statuspro/order/{name}.html", whole)

    def _names(self, named: dict[int, Any], ids: list[int]) -> str:
        return listed(list(named.values())) if len(ids) == 1 else counted(len(ids))

    def _say(self, request: Any, text: str, level: int) -> None:
        self._admin.message_user(request, text, level)

    def _redirect(self, task: Task) -> HttpResponse:
        return HttpResponseRedirect(self._url("task", task.token))

    def _url(self, name: str, *arguments: Any) -> str:
        named = f"admin:statuspro_order_{name}"
        url: str = reverse(named, args=arguments, current_app=self._site.name)
        return url
