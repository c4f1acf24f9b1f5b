"""Why there is no answer: a problem as facts about real numbers, certificates, and their checker."""
