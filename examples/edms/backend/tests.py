"""Run with `manage.py test`, by a database user who may create databases."""

import base64
import json
import os
import tempfile
from io import StringIO
from pathlib import Path
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.models.signals import pre_migrate
from django.dispatch import receiver
from django.test import Client, TestCase, override_settings

from documents.models import Document, DocumentType
from users.models import Role, User
from users.permissions import has_permission, has_write_permission

PASSWORD = "correct-horse-battery"


@receiver(pre_migrate)
def create_extensions(**kwargs):
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS unaccent")


def command(name, *args, **options):
    output = StringIO()
    call_command(name, *args, stdout=output, stderr=output, **options)
    return output.getvalue()


def basic(username, password=PASSWORD):
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def pdf(name="sop.pdf", content=b"%PDF-1.7 cleaning"):
    return SimpleUploadedFile(name, content)


class EdmsTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        User.objects.create_superuser("admin", password=PASSWORD)
        for kind in ("roles", "groups", "document_types", "document_sources"):
            command(f"create_default_{kind}")
        for name, level in (("reader", "read"), ("author01", "write"), ("author02", "write"), ("approver", "approve")):
            user = User.objects.create_user(name, password=PASSWORD)
            user.user_roles.create(role=Role.objects.get(module="O1", level=level))

    def setUp(self):
        storage = tempfile.TemporaryDirectory()
        self.addCleanup(storage.cleanup)
        self.storage = Path(storage.name)
        self.enterContext(override_settings(MEDIA_ROOT=storage.name))

    def create(self, username="author01", title="Cleaning", **fields):
        data = {"title": title, "document_type": "procedure", "source": "original-digital", **fields}
        return self.client.post("/api/documents/", data, **basic(username))

    def titles(self, username="reader", **query):
        results = self.client.get("/api/documents/", query, **basic(username)).json()["results"]
        return [document["title"] for document in results]

    def move(self, uuid, status, username):
        return self.client.post(f"/api/documents/{uuid}/status/", {"status": status}, **basic(username)).status_code


class PermissionTests(EdmsTestCase):
    def test_only_an_active_role_of_the_module_allows_writing(self):
        author, reader = (User.objects.get(username=name) for name in ("author01", "reader"))
        self.assertTrue(has_write_permission(author))
        self.assertFalse(has_write_permission(author, "S2"))
        self.assertFalse(has_write_permission(reader))
        self.assertTrue(has_permission(reader, "read"))
        author.user_roles.update(is_active=False)
        self.assertFalse(has_write_permission(author))

    def test_creating_needs_the_permission(self):
        self.assertEqual(self.create("author01").status_code, 201)
        self.assertEqual(self.create("reader").status_code, 403)
        self.assertEqual(self.client.post("/api/documents/", {"title": "x"}).status_code, 401)
        self.assertEqual(self.client.get("/api/documents/", **basic("author01", "wrong")).status_code, 401)

    def test_sessions_need_a_csrf_token(self):
        client = Client(enforce_csrf_checks=True)
        credentials = json.dumps({"username": "author01", "password": PASSWORD})
        session = client.post("/api/login/", credentials, content_type="application/json").json()
        self.assertEqual(session["permissions"], ["read", "write"])
        data = {"title": "Gowning", "document_type": "form", "source": "external"}
        self.assertEqual(client.post("/api/documents/", data).status_code, 403)
        accepted = client.post("/api/documents/", data, HTTP_X_CSRFTOKEN=session["csrf_token"])
        self.assertEqual(accepted.status_code, 201)


class DocumentTests(EdmsTestCase):
    def test_search_ignores_accents_and_forgives_typing_errors(self):
        for title in ("Procédure de nettoyage", "Calibration of balances", "Gowning"):
            self.create(title=title)
        self.assertEqual(self.titles(q="procedure"), ["Procédure de nettoyage"])
        self.assertEqual(self.titles(q="callibration"), ["Calibration of balances"])
        self.assertEqual(self.titles(q="unrelated"), [])

    def test_files_are_encrypted_at_rest_and_returned_as_uploaded(self):
        document = self.create(upload=pdf()).json()
        (stored,) = (path for path in self.storage.rglob("*") if path.is_file())
        self.assertEqual(stored.relative_to(self.storage).parts[0], "documents")
        self.assertNotIn(b"cleaning", stored.read_bytes())
        response = self.client.get(document["file"], **basic("reader"))
        self.assertEqual(b"".join(response), b"%PDF-1.7 cleaning")
        self.assertIn("1 verified", command("verify_documents"))
        with override_settings(EDMS_MASTER_KEY="another key" * 4), self.assertRaisesMessage(CommandError, "1 of 1"):
            command("verify_documents")

    def test_a_file_that_is_not_what_its_name_says_goes_to_quarantine(self):
        response = self.create(upload=pdf(content=b"MZ\x90"))
        self.assertEqual(response.status_code, 422)
        self.assertEqual(len(list((self.storage / "quarantine").iterdir())), 1)
        self.assertFalse(Document.objects.exists())

    def test_a_new_file_moves_the_previous_one_to_the_versions(self):
        document = self.create(upload=pdf()).json()
        with self.captureOnCommitCallbacks(execute=True):
            replaced = self.client.post(document["file"], {"upload": pdf(content=b"%PDF-2")}, **basic("author01"))
        self.assertEqual(replaced.json()["version"], 2)
        version = Document.objects.get().versions.get()
        self.assertEqual((version.number, version.sha256), (1, document["sha256"]))
        self.assertIn("2 verified", command("verify_documents"))
        folders = sorted(path.relative_to(self.storage).parts[0] for path in self.storage.rglob("*.pdf"))
        self.assertEqual(folders, ["documents", "versions"])

    def test_lifecycle(self):
        uuid = self.create().json()["uuid"]
        self.assertEqual(self.move(uuid, "approved", "approver"), 409)
        self.assertEqual(self.move(uuid, "in_review", "reader"), 403)
        self.assertEqual(self.move(uuid, "in_review", "author01"), 200)
        self.assertEqual(self.move(uuid, "approved", "author02"), 403)
        self.assertEqual(self.move(uuid, "approved", "approver"), 200)
        self.assertEqual(self.client.get(f"/api/documents/{uuid}/").status_code, 404)
        self.assertEqual(self.move(uuid, "effective", "approver"), 200)
        self.assertEqual(self.client.get(f"/api/documents/{uuid}/").status_code, 200)

    def test_only_drafts_of_ones_own_can_be_deleted(self):
        document = self.create(upload=pdf()).json()
        url = f"/api/documents/{document['uuid']}/"
        self.assertEqual(self.client.delete(url, **basic("author02")).status_code, 403)
        self.move(document["uuid"], "in_review", "author01")
        self.assertEqual(self.client.delete(url, **basic("author01")).status_code, 409)
        self.move(document["uuid"], "draft", "approver")
        with self.captureOnCommitCallbacks(execute=True):
            self.assertEqual(self.client.delete(url, **basic("author01")).status_code, 204)
        self.assertEqual([path for path in self.storage.rglob("*") if path.is_file()], [])


class CommandTests(EdmsTestCase):
    def test_a_second_run_creates_nothing(self):
        for kind, count in (("roles", 14), ("groups", 6), ("document_types", 7), ("document_sources", 4)):
            self.assertIn(f": 0 created, {count} already there", command(f"create_default_{kind}"))

    def test_document_types_need_a_superuser(self):
        DocumentType.objects.all().delete()
        User.objects.filter(is_superuser=True).delete()
        with self.assertRaisesMessage(CommandError, "run createsuperuser first"):
            command("create_default_document_types")

    def test_ensure_user_leaves_existing_users_alone(self):
        options = {"role": ["O1:write"], "group": ["Document Authors"]}
        with mock.patch.dict(os.environ, {"EDMS_USER_PASSWORD": PASSWORD}):
            self.assertIn("created  user", command("ensure_user", "writer", **options))
        with mock.patch.dict(os.environ, {"EDMS_USER_PASSWORD": "a-different-password"}):
            self.assertIn("exists   user", command("ensure_user", "writer", **options))
        writer = User.objects.get(username="writer")
        self.assertTrue(writer.check_password(PASSWORD))
        self.assertTrue(has_write_permission(writer))
        with self.assertRaisesMessage(CommandError, "no group 'Reviewers'"):
            command("ensure_user", "writer", group=["Reviewers"])


@override_settings(ALLOWED_HOSTS=["edms.example"], SECURE_SSL_REDIRECT=True)
class HealthTests(TestCase):
    def test_healthy_whatever_the_host_name(self):
        response = self.client.get("/health/", HTTP_HOST="10.0.0.7:8001")
        self.assertEqual(response.json(), {"status": "ok", "database": "ok", "migrations": "applied"})

    def test_never_200_without_database_or_migrations(self):
        with mock.patch("edms.health.connection.cursor", side_effect=OperationalError("no route to 10.0.0.5")):
            response = self.client.get("/health/")
        self.assertEqual((response.status_code, response.json()["database"]), (503, "unavailable"))
        self.assertNotIn("10.0.0.5", response.content.decode())
        with mock.patch("edms.health.pending_migrations", return_value=["documents.0003_document_versions"]):
            response = self.client.get("/health/")
        self.assertEqual((response.status_code, response.json()["migrations"]), (503, "pending"))
        self.assertEqual(self.client.get("/health/live/").status_code, 200)
