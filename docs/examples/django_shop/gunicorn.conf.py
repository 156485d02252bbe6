"""How gunicorn serves the shop: `gunicorn shop.wsgi` reads this file."""

bind = "127.0.0.1:8000"  # the web server in front of it has the certificate and the static files
workers = 4
preload_app = True
timeout = 30  # seconds; the setting STATUSPRO knows it too
