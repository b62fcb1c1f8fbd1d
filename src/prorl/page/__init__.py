"""Pages that need nothing but a browser: their look, and the script that draws their charts."""
