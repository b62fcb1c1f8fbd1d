"""Small families of problems whose every step is checked: for controlled studies with models of a few million weights."""
