"""The stores that processes can share."""
