"""What is kept: NIK, resident, packet, seal, outbox, ledger, roster."""
