"""The fields of requests and of listed models, by model, and query parameters, by operationId, as literals.

Unlike the models, this module imports no other module.
"""

from __future__ import annotations

from typing import Final, TypedDict


class FieldEntry(TypedDict):
    """The definition of a field or a query parameter."""

    kind: str
    """The JSON type or format, such as `string`, `e164` or `array[string]`."""
    aliases: tuple[str, ...]
    """The alternative names."""
    required: bool
    """Whether a request without the field is invalid."""
    nullable: bool
    """Whether null is a valid value."""
    choices: tuple[str | int, ...]
    """The values of an enum; empty for other fields."""
    description: str
    """The description in the OpenAPI document; empty for a model that is no request."""


FIELD_TABLE: Final[dict[str, dict[str, FieldEntry]]] = {
    "BulkContact": {
        "phone": {
            "kind": "e164",
            "aliases": ("number", "phone_number", "phoneNumber"),
            "required": True,
            "nullable": False,
            "choices": (),
            "description": "The contact's phone number, in E.164 format. Deprecated aliases are `number`, `phone_number` and `phoneNumber`.",
        },
        "first_name": {
            "kind": "string",
            "aliases": ("firstName",),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The contact's first name. Deprecated alias is `firstName`.",
        },
        "last_name": {
            "kind": "string",
            "aliases": ("lastName",),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The contact's last name. Deprecated alias is `lastName`.",
        },
        "company_name": {
            "kind": "string",
            "aliases": ("company", "companyName"),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The contact's company name. Deprecated aliases are `company` and `companyName`.",
        },
        "tags": {
            "kind": "array[string]",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The contact's tags.",
        },
        "custom_variables": {
            "kind": "map",
            "aliases": ("customVariables",),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The contact's custom variables, by label. Deprecated alias is `customVariables`.",
        },
    },
    "BulkCreate": {
        "contacts": {
            "kind": "array[object]",
            "aliases": (),
            "required": True,
            "nullable": False,
            "choices": (),
            "description": "The contacts to create. Each needs a phone number.",
        }
    },
    "BulkDelete": {
        "contact_ids": {
            "kind": "array[string]",
            "aliases": ("contactIds",),
            "required": True,
            "nullable": False,
            "choices": (),
            "description": "The phone numbers of the contacts to delete, in E.164 format, despite the name of the field. Deprecated alias is `contactIds`.",
        }
    },
    "Contact": {
        "phone": {"kind": "e164", "aliases": (), "required": False, "nullable": True, "choices": (), "description": ""},
        "first_name": {
            "kind": "string",
            "aliases": ("firstName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "last_name": {
            "kind": "string",
            "aliases": ("lastName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "company_name": {
            "kind": "string",
            "aliases": ("companyName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "sendblue_number": {
            "kind": "e164",
            "aliases": ("sendblueNumber",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "assigned_to_email": {
            "kind": "string",
            "aliases": ("assignedToEmail",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "tags": {
            "kind": "array[string]",
            "aliases": (),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "custom_variables": {
            "kind": "map",
            "aliases": ("customVariables",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "created_at": {
            "kind": "date-time",
            "aliases": (),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "verified": {
            "kind": "boolean",
            "aliases": (),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "opt_out": {
            "kind": "boolean",
            "aliases": ("optOut",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
        "contact_id": {
            "kind": "string",
            "aliases": ("contactId",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "",
        },
    },
    "ContactCreate": {
        "number": {
            "kind": "e164",
            "aliases": ("phoneNumber", "phone_number", "phone"),
            "required": True,
            "nullable": False,
            "choices": (),
            "description": "The contact's phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `phone_number` and `phone`.",
        },
        "first_name": {
            "kind": "string",
            "aliases": ("firstName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's first name. Deprecated alias is `firstName`.",
        },
        "last_name": {
            "kind": "string",
            "aliases": ("lastName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's last name. Deprecated alias is `lastName`.",
        },
        "sendblue_number": {
            "kind": "e164",
            "aliases": ("sendblueNumber",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The Sendblue phone number to send messages from, in E.164 format. Deprecated alias is `sendblueNumber`.",
        },
        "assigned_to_email": {
            "kind": "string",
            "aliases": ("assignedToEmail",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The email address of the user to assign the contact to. Deprecated alias is `assignedToEmail`.",
        },
        "tags": {
            "kind": "array[string]",
            "aliases": (),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's tags. If the request updates an existing contact, they replace all its tags.",
        },
        "custom_variables": {
            "kind": "map",
            "aliases": ("customVariables",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's custom variables, by label. If the request updates an existing contact, they are merged into its custom variables. Deprecated alias is `customVariables`.",
        },
        "update_if_exists": {
            "kind": "boolean",
            "aliases": ("updateIfExists",),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "Whether to update the contact if one with this phone number exists. Deprecated alias is `updateIfExists`. Server default: `false`.",
        },
    },
    "ContactOptOut": {
        "number": {
            "kind": "e164",
            "aliases": ("phoneNumber", "phone_number", "phone"),
            "required": True,
            "nullable": False,
            "choices": (),
            "description": "The phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `phone_number` and `phone`.",
        },
        "opted_out": {
            "kind": "boolean",
            "aliases": ("optedOut",),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "True to opt the phone number out, false to opt it back in. Deprecated alias is `optedOut`. Server default: `true`.",
        },
    },
    "ContactUpdate": {
        "phone_number": {
            "kind": "e164",
            "aliases": ("phoneNumber", "number", "phone"),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The contact's new phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `number` and `phone`.",
        },
        "first_name": {
            "kind": "string",
            "aliases": ("firstName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's first name. Deprecated alias is `firstName`.",
        },
        "last_name": {
            "kind": "string",
            "aliases": ("lastName",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's last name. Deprecated alias is `lastName`.",
        },
        "company_name": {
            "kind": "string",
            "aliases": ("companyName", "company"),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's company name. Deprecated aliases are `companyName` and `company`.",
        },
        "sendblue_number": {
            "kind": "e164",
            "aliases": ("sendblueNumber",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The Sendblue phone number to send messages from, in E.164 format. Deprecated alias is `sendblueNumber`.",
        },
        "assigned_to_email": {
            "kind": "string",
            "aliases": ("assignedToEmail",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The email address of the user to assign the contact to. Deprecated alias is `assignedToEmail`.",
        },
        "tags": {
            "kind": "array[string]",
            "aliases": (),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's tags. They replace all existing tags, so send the full set.",
        },
        "custom_variables": {
            "kind": "map",
            "aliases": ("customVariables",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "The contact's custom variables, by label. They are merged into the existing custom variables. Deprecated alias is `customVariables`.",
        },
        "opt_out": {
            "kind": "boolean",
            "aliases": ("optOut",),
            "required": False,
            "nullable": True,
            "choices": (),
            "description": "Whether the contact has opted out of messages. Deprecated alias is `optOut`.",
        },
    },
    "ContactVerify": {
        "number": {
            "kind": "e164",
            "aliases": ("phoneNumber", "phone_number", "phone"),
            "required": True,
            "nullable": False,
            "choices": (),
            "description": "The phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `phone_number` and `phone`.",
        }
    },
}

QUERY_TABLE: Final[dict[str, dict[str, FieldEntry]]] = {
    "list_contacts": {
        "cid": {
            "kind": "string",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "Only the contact with this contact ID (`contact_id` in responses).",
        },
        "limit": {
            "kind": "integer",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The maximum number of contacts to return, between 1 and 1000.",
        },
        "offset": {
            "kind": "integer",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The number of contacts to skip, between 0 and 10000.",
        },
        "order_by": {
            "kind": "string",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "The field to sort by: `created_at`, `firstName`, `lastName` or `phone`. The set is open; other values may work but are not documented.",
        },
        "order_direction": {
            "kind": "string",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": ("asc", "desc"),
            "description": "The sort direction, ascending (`asc`) or descending (`desc`).",
        },
        "phone_number": {
            "kind": "e164",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "Only the contact with this phone number, in E.164 format.",
        },
        "created_at_gte": {
            "kind": "date-time",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "Only contacts created at or after this time, in ISO 8601 format with a UTC offset.",
        },
    },
    "count_contacts": {
        "phone_number": {
            "kind": "e164",
            "aliases": (),
            "required": False,
            "nullable": False,
            "choices": (),
            "description": "Count only contacts with this phone number, in E.164 format.",
        }
    },
}
