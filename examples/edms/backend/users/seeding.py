from django.core.management.base import BaseCommand
from django.db import transaction


class SeedCommand(BaseCommand):
    """Makes sure that some records exist: all or none of them, and none that exists is changed."""

    kind: str

    def seed(self):
        """Yields (label, created) for each record."""
        raise NotImplementedError

    def handle(self, **options):
        with transaction.atomic():
            seeded = list(self.seed())
        for label, created in seeded:
            self.stdout.write(f"{'created' if created else 'exists '}  {self.kind}  {label}")
        made = sum(created for _, created in seeded)
        self.stdout.write(f"{self.kind}: {made} created, {len(seeded) - made} already there")
