"""A bundle's root filesystem in the formats of others: a tar archive, an OCI image layout."""
