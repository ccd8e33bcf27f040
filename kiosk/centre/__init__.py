"""Reference centre: opens packets, signs receipts, print orders and rosters; drives the demo."""
