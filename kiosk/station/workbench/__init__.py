"""What a technician measures with: the station's own judges, on a folder of pictures or on what a device sees now."""
