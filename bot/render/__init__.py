"""Text to Discord messages: pure planning, and the paced writer that performs the plan."""
