"""What people report, and which kind of report each is."""

# category → kind (storage/reports.py). Five at most: a longer list is not read on a small screen.
CATEGORIES: dict[str, str] = {
    "works": "scene",  # roads, bridges, power, water
    "environment": "scene",  # rubbish, smell, river banks
    "order": "scene",  # noise, theft, traffic
    "policy": "feedback",  # how policies are carried out, how officials work
    "rumour": "rumour",
}
