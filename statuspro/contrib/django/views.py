"""The page where a customer looks up an order."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import is_same_domain
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.generic import FormView

from statuspro.contrib.django.forms import LookupForm
from statuspro.contrib.django.presentation import shown_order
from statuspro.contrib.django.sources import look_up
from statuspro.contrib.django.throttling import Attempt, Throttled, is_public
from statuspro.contrib.django.unavailable import log, unavailable
from statuspro.errors import StatusProError

#: One sentence for a wrong number and for a wrong address: none tells which of them is known.
_NO_SUCH_ORDER = gettext_lazy(
    "We have found no order with this number and this e-mail address. Please check both."
)


class LookupView(FormView):  # pyright: ignore[reportMissingTypeArgument]
    """Shows a form, and on the same URL the order whose number and address were given.

    The page needs no cookie and sets none. A project may subclass it, such as to say in
    :meth:`client_address` where its proxy writes the visitor's address.
    """

    form_class: Any = LookupForm
    template_name = "statuspro/lookup.html"
    order_template_name = "statuspro/order.html"
    throttled_template_name = "statuspro/throttled.html"
    http_method_names = ("get", "post", "head", "options")

    #: Seconds that the service is given where the setting has no DEADLINE.
    deadline = 10.0

    #: On every response. With `no-referrer`, browsers would not say where the form came from.
    headers = {  # noqa: RUF012 - as Django's views have them
        "Cache-Control": "no-store, private",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }

    @classmethod
    def as_view(  # pyright: ignore[reportIncompatibleVariableOverride]
        cls, **initkwargs: Any
    ) -> Any:
        """Makes the view.

        Django's protection against forged requests needs a cookie. A look-up changes nothing and
        signs nobody in, so this view does without: :meth:`is_cross_site` keeps other sites from
        having their visitors guess.
        """
        view = super().as_view(**initkwargs)
        return csrf_exempt(sensitive_post_parameters("number", "email")(view))

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Responds, with headers that keep the page out of caches, frames and search engines."""
        response: Any = super().dispatch(request, *args, **kwargs)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Looks the order up. A form that another site has sent is shown afresh."""
        if self.is_cross_site():
            form_class: Any = self.get_form_class()
            return self.render_to_response(self.get_context_data(form=form_class()), status=403)
        return super().post(request, *args, **kwargs)

    @sensitive_variables()  # this hides the variables of all that it calls, too
    def form_valid(self, form: Any) -> Any:
        """Shows the order, or says that there is none, or why that cannot be told now."""
        number, email = form.cleaned_data["number"], form.cleaned_data["email"]
        attempt = Attempt()
        try:
            attempt.begin(self.client_address(), number)
            order = look_up(number, email, self.deadline)
        except Throttled as refusal:
            return self.throttled(refusal.retry_after)
        except StatusProError as error:
            attempt.forgive()
            return unavailable(self.request, error)
        if order is None:
            form.add_error(None, _NO_SUCH_ORDER)
            return self.form_invalid(form)
        attempt.forgive()
        return self.found(order)

    def found(self, order: Any) -> HttpResponse:
        """Shows an order that its customer has looked up.

        Args:
            order: as `lookup_order` gives it. The template gets what a customer may see of it.
        """
        context = self.get_context_data(form=None, order=shown_order(order))
        return self.response_class(self.request, self.order_template_name, context)

    def throttled(self, retry_after: int) -> HttpResponse:
        """Says when the visitor may try again.

        Args:
            retry_after: whole seconds until then.
        """
        context = self.get_context_data(form=None, minutes=-(-retry_after // 60))
        response = self.response_class(
            self.request,
            self.throttled_template_name,
            context,
            status=429,
            headers={"Retry-After": str(retry_after)},
        )
        log(self.request, response, _refused(self.client_address()), "warning")
        return response

    def client_address(self) -> str:
        """Gives the visitor's address, by which tries are counted.

        It is that of the connection. A header such as `X-Forwarded-For` is not looked at, as a
        visitor can write into it anything: see the documentation for a shop behind a proxy.
        """
        return str(self.request.META.get("REMOTE_ADDR") or "")

    def is_cross_site(self) -> bool:
        """Tells whether a page of another site has sent the form.

        That page could not read the response. But it could guess from its visitors' addresses.
        Sites that may send the form stand in Django's setting CSRF_TRUSTED_ORIGINS.
        """
        scheme, host = _scheme_and_host(self.request.headers.get("Origin", ""))
        if _is_trusted(scheme, host):
            return False
        sent_by = self.request.headers.get("Sec-Fetch-Site")
        if sent_by:
            return sent_by not in ("same-origin", "none")
        # An old browser. Behind a proxy the scheme here may be another one than there.
        return "Origin" in self.request.headers and host != self.request.get_host()


def _refused(address: str) -> str:
    """Says what has happened, and whether all visitors may have had one address: a proxy's."""
    said = "all tries of a visitor or an order are used up"
    if is_public(address):
        return said
    return f"{said}. The visitor's address is a private one: if it is that of a proxy, see the docs"


def _scheme_and_host(origin: str) -> tuple[str, str]:
    try:
        parts = urlsplit(origin)
    except ValueError:  # no browser has written this
        return "", ""
    return parts.scheme, parts.netloc


def _is_trusted(scheme: str, host: str) -> bool:
    """Compares with CSRF_TRUSTED_ORIGINS, such as `https://*.shop.example`."""
    trusted = [_scheme_and_host(origin) for origin in settings.CSRF_TRUSTED_ORIGINS]
    return any(
        scheme == each and is_same_domain(host, pattern.removeprefix("*"))
        for each, pattern in trusted
    )
