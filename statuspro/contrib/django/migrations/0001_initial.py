"""The tables of the local copy."""

from collections.abc import Sequence
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the tables."""

    initial = True
    dependencies: ClassVar[Sequence[tuple[str, str]]] = []

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(blank=True, db_index=True, max_length=255)),
                ("order_number", models.CharField(blank=True, db_index=True, max_length=255)),
                ("customer_name", models.CharField(blank=True, max_length=255)),
                ("customer_email", models.CharField(blank=True, max_length=255)),
                ("customer_locale", models.CharField(blank=True, max_length=255)),
                ("searched", models.TextField(blank=True)),
                ("status_is_set", models.BooleanField()),
                ("status_code", models.CharField(blank=True, db_index=True, max_length=255)),
                ("status_name", models.CharField(blank=True, max_length=255)),
                ("status_color", models.CharField(blank=True, max_length=7)),
                ("status_set_at", models.DateTimeField(null=True)),
                ("due_date", models.DateField(db_index=True, null=True)),
                ("due_date_to", models.DateField(null=True)),
                ("history_count", models.IntegerField(null=True)),
                ("listed", models.BooleanField(db_index=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("seen", models.CharField(max_length=64)),
                ("has_detail", models.BooleanField()),
                ("item", models.TextField()),
                ("detail", models.TextField(null=True)),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("move_order", "Can move an order to another status"),
                    ("comment_order", "Can comment an order"),
                    ("set_due_date_order", "Can set the due date of an order"),
                    ("fetch_order", "Can fetch an order again"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="QueuedOrder",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(db_index=True, null=True)),
                ("item", models.TextField()),
                ("detail", models.TextField(null=True)),
            ],
            options={
                "ordering": ["position"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Status",
            fields=[
                ("code", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(blank=True, max_length=255)),
                ("description", models.TextField(blank=True)),
                ("color", models.CharField(blank=True, max_length=7)),
                ("definition", models.TextField()),
            ],
            options={
                "verbose_name_plural": "statuses",
                "ordering": ["position"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="SyncState",
            fields=[
                ("name", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="UnsentChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("change", models.TextField()),
            ],
            options={
                "ordering": ["id"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="StaffTask",
            fields=[
                ("token", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=255)),
                ("kind", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("content", models.TextField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(null=True)),
            ],
            options={
                "ordering": ["-created_at"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="HistoryEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(db_index=True, null=True)),
                ("event", models.CharField(blank=True, max_length=255)),
                ("status_code", models.CharField(blank=True, max_length=255)),
                ("status_name", models.CharField(blank=True, max_length=255)),
                ("comment", models.TextField(null=True)),
                ("comment_is_public", models.BooleanField(null=True)),
                ("entry", models.TextField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="statuspro.order",
                    ),
                ),
            ],
            options={
                "ordering": ["order", "position"],
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "position"), name="statuspro_event_of_order"
                    )
                ],
            },
        ),
    ]
