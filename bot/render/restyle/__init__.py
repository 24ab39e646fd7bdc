"""What Discord cannot show, turned into what it can: pure, while the text comes."""
