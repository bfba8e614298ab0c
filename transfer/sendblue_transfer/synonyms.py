"""What address books and CRMs call the columns of their exports. Titles are compared without case, spaces, punctuation.

Where a file has several columns for one field, the one that stands first here counts, and the others where it is blank.
A mobile number comes before every other, for it is the one that messages reach; a number that is somebody else's (an
assistant, a company's switchboard, a fax) is no synonym. The name of a field among its synonyms stands for all of the
field's own spellings; a field that is not here has only those.

The titles are those of HubSpot (export and property names), Salesforce (reports, Data Loader and API names), Google
Contacts (today's CSV and the one before 2024) and Outlook (Windows, Outlook.com and the web).
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
        # Every spelling of the document; and HubSpot's Phone Number, Salesforce's Phone.
        "phone",
        "Primary Phone",  # Outlook
        "Contact Phone",
        "Telephone",
        "Telephone Number",
        "Tel",
        # Google: Phone 1 - Value … Phone 4 - Value, in the order of the person's own list.
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
        "Categories",  # Outlook, between semicolons
    ),
}
