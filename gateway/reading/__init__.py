"""What the gateway tells about recordings of a tenant."""
