"""The only networked process: delivery, receipts, orders, telemetry."""
