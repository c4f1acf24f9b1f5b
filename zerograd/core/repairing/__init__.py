"""Published examples whose claims are wrong: what would make them right."""
