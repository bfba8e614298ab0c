"""Column titles that address books and CRMs use in their exports. Case, spaces and punctuation are ignored.

If a file has several columns for one field, the title that comes first in this table is preferred, and the others fill
in where that cell is blank. Mobile numbers come first because messages reach them. Numbers of other people (an
assistant, a switchboard, a fax) are not synonyms. The name of a field in its own list stands for all spellings of the
field; a field that is not in this table is matched by its own spellings only.

The titles come from HubSpot (exports and property names), Salesforce (reports, Data Loader and API names), Google
Contacts (the CSV format of today and the one before 2024) and Outlook (Windows, Outlook.com and the web).
"""

from __future__ import annotations

SYNONYMS: dict[str, tuple[str, ...]] = {
    "phone": (
        # HubSpot: Mobile Phone Number, mobilephone. Salesforce: Mobile, MobilePhone. Outlook: Mobile Phone.
        "Mobile Phone Number",
        "Mobile Phone",
        "Mobile Number",
        "Mobile",
        "Cell Phone",
        "Cell",
        "WhatsApp Phone Number",  # HubSpot
        "SMS Phone Number",
        # Every spelling in the OpenAPI document; also HubSpot's Phone Number and Salesforce's Phone.
        "phone",
        "Primary Phone",  # Outlook
        "Contact Phone",
        "Telephone",
        "Telephone Number",
        "Tel",
        # Google: Phone 1 - Value to Phone 4 - Value, in the order in which the user entered them.
        "Phone 1 - Value",
        "Phone 2 - Value",
        "Phone 3 - Value",
        "Phone 4 - Value",
        "Home Phone",  # Outlook, Salesforce
        "Home Phone 2",
        "Business Phone",  # Outlook; Salesforce leads
        "Business Phone 2",
        "Work Phone",
        "Other Phone",
        "Car Phone",
        "Radio Phone",
    ),
    "first_name": (
        "first_name",
        "Given Name",  # Google before 2024
        "Forename",
        "Contact First Name",
    ),
    "last_name": (
        "last_name",
        "Family Name",  # Google before 2024
        "Surname",
        "Contact Last Name",
    ),
    "company_name": (
        "company_name",
        "Associated Company",  # HubSpot
        "Primary Associated Company",
        "Account Name",  # Salesforce; Account.Name in Data Loader
        "Organization Name",  # Google
        "Organization 1 - Name",
        "Organization",
        "Organisation",
        "Employer",
    ),
    "tags": (
        "tags",
        "Tag",
        "Categories",  # Outlook, separated by semicolons
    ),
}
