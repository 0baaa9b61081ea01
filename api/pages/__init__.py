"""The pages for people: their files, in `static`, and what installed packages ship."""
