"""The operations of the Contacts API: routing, authentication, validation, execution and rendering."""
