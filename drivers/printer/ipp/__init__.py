"""Card printers that speak IPP (IPP Everywhere, or a CUPS queue before one): codec, wire, driver, simulated printer."""
