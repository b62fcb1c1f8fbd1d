"""Results for people and machines: a page, a JSON file, and figures for papers."""
