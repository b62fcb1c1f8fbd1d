"""Small families of problems whose every step is checked, for controlled studies with a small model."""
