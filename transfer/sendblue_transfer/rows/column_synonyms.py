"""Column titles that address books and CRMs use in their exports. Case, accents, spaces and punctuation are ignored.

If a file has several columns for one field, the title that comes first in this table is preferred, and the others fill
in where that cell is blank. Mobile numbers come first because messages reach them. Numbers of other people (an
assistant, a switchboard, a fax) are not synonyms. The name of a field in its own list stands for all spellings of the
field; a field that is not in this table is matched by its own spellings only. A renamed field keeps its old name as an
alias, so its list remains.

The titles come from HubSpot (exports and property names), Salesforce (reports, Data Loader and API names), Google
Contacts (the CSV format of today and the one before 2024), Outlook (Windows, Outlook.com and the web), Pipedrive and
Zoho; and from these products in German, French and Spanish. Those about opt-outs are also from Shopify, Mailchimp,
Klaviyo and Dynamics. Columns about e-mail or fax are not synonyms of `opt_out`.
"""

from __future__ import annotations

OPT_OUT_TITLES = (
    # Salesforce: Do Not Call, DoNotCall; Marketing Cloud: Mobile Opt Out; then the usual fields of SMS packages.
    "Do Not Call",
    "Mobile Opt Out",
    "HasOptedOutOfMobile",
    "et4ae5__HasOptedOutOfMobile__c",
    "HasOptedOutOfSMS",
    "SMS_Opt_Out__c",
    "smagicinteract__SMSOptOut__c",
    "HasOptedOutSolicit",
    "Do Not Contact",
    "npsp__Do_Not_Contact__c",
    # HubSpot has no field of its own; its integrations for messages write these. Zoho: SMS Opt Out.
    "SMS Opt Out",
    "SMS Opted Out",
    "Opted Out Of SMS",
    "Unsubscribed From SMS",
    "Unsubscribed From All SMS",
    "SMS Unsubscribed",
    "Text Opt Out",
    "Do Not Text",
    "Do Not SMS",
    "Do Not Message",
    "Opted Out",
    "Unsubscribed",
    # Dynamics: Allow or Do Not Allow.
    "Do Not Allow Phone Calls",
    "DoNotPhone",
    "DND",
)
"""Titles of columns in which `yes` means that a contact has opted out."""
CONSENT_TITLES = (
    "Accepts SMS Marketing",  # Shopify
    "SMS Marketing Consent",  # Shopify's API, Klaviyo
    "SMS Marketing Consent State",
    "SMS Consent",  # Klaviyo
    "SMS Consent Status",
    "SMS Marketing",  # Mailchimp
    "SMS Marketing Status",
    "SMS Subscription Status",
    "SMS Status",
    "SMS Subscribed",
    "Subscribed To SMS",
    "SMS Opt In",
    "SMS Opted In",
    "Opted In To SMS",
    "SMS_Opt_In__c",
)
"""Titles of columns in which `no` means that a contact has opted out."""
LABEL_TITLES = (
    *("Labels", "Group Membership"),  # Google
    *("Label", "Person - Labels", "Person - Label"),  # Pipedrive
    "Tag",  # Zoho
    *("Schlagwörter", "Étiquettes", "Libellés", "Etiquetas"),
)
"""Titles of columns that separate tags by ` ::: `, as Google does, or by commas."""
FULL_NAME_TITLES = (
    *("Full Name", "Name", "Contact Name", "Person - Name", "Display Name"),
    *("Vollständiger Name", "Kontaktname", "Anzeigename"),
    *("Nom complet", "Nom du contact", "Nombre completo", "Nombre y apellidos", "Nombre del contacto"),
)
"""Titles of columns that have both names. They are used if no other column has one of them."""
FIRST_OR_FULL_NAME, LAST_OR_FULL_NAME = "Nombre", "Nom"
"""Titles of columns that have one of the names if another column has the other, and else both."""
FIRST_NAMES_OF_NAME = ("Vorname", "Prénom")
"""Titles of columns of first names; in their files, a column `Name` has the last name."""
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
        "Phone - Mobile",  # Pipedrive
        "Person - Phone - Mobile",
        *("Mobiltelefon", "Mobiltelefonnummer", "Mobilnummer", "Mobil", "Handynummer", "Handy"),
        *("Tél. mobile", "Téléphone mobile", "Numéro de téléphone mobile", "Numéro de mobile"),
        *("Téléphone portable", "Numéro de portable", "Portable"),
        *("Teléfono móvil", "Número de teléfono móvil", "Número de móvil", "Móvil"),
        *("Teléfono celular", "Número de celular", "Celular"),
        # Every spelling in the OpenAPI document; also HubSpot's Phone Number and Salesforce's Phone.
        "phone",
        "Primary Phone",  # Outlook
        "Contact Phone",
        "Telephone",
        "Telephone Number",
        "Tel",
        "Person - Phone",  # Pipedrive
        *("Telefon", "Telefonnummer", "Rufnummer", "Haupttelefon"),
        *("Téléphone", "Numéro de téléphone", "Téléphone principal"),
        *("Teléfono", "Número de teléfono", "Teléfono principal"),
        # Google: Phone 1 - Value to Phone 4 - Value, in the order in which the user entered them.
        "Phone 1 - Value",
        "Phone 2 - Value",
        "Phone 3 - Value",
        "Phone 4 - Value",
        "Home Phone",  # Outlook, Salesforce
        "Home Phone 2",
        *("Phone - Home", "Person - Phone - Home"),
        *("Telefon privat", "Telefon privat 2"),
        *("Téléphone (domicile)", "Téléphone 2 (domicile)", "Téléphone personnel"),
        *("Teléfono particular", "Teléfono particular 2", "Teléfono personal"),
        "Business Phone",  # Outlook; Salesforce leads
        "Business Phone 2",
        "Work Phone",
        *("Phone - Work", "Person - Phone - Work"),
        *("Telefon geschäftlich", "Telefon geschäftlich 2"),
        *("Téléphone (bureau)", "Téléphone 2 (bureau)", "Téléphone professionnel"),
        *("Teléfono del trabajo", "Teléfono del trabajo 2", "Teléfono de la empresa"),
        "Other Phone",
        *("Phone - Other", "Person - Phone - Other", "Weiteres Telefon", "Téléphone (autre)", "Otro teléfono"),
        "Car Phone",
        "Radio Phone",
    ),
    "first_name": (
        "first_name",
        "Given Name",  # Google before 2024
        "Forename",
        "Contact First Name",
        "Person - First name",  # Pipedrive
        *("Vorname", "Prénom", "Nombre de pila", "Primer nombre", "Nombre"),
    ),
    "last_name": (
        "last_name",
        "Family Name",  # Google before 2024
        "Surname",
        "Contact Last Name",
        "Person - Last name",  # Pipedrive
        *("Nachname", "Familienname", "Zuname", "Nom de famille", "Nom", "Apellidos", "Apellido"),
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
        "Person - Organization",  # Pipedrive
        *("Firma", "Firmenname", "Unternehmen", "Unternehmensname", "Name des Unternehmens", "Arbeitgeber"),
        *("Société", "Entreprise", "Nom de l'entreprise", "Nom de la société", "Nom du compte"),
        *("Empresa", "Nombre de la empresa", "Compañía", "Organización", "Nombre de la cuenta"),
    ),
    "tags": (
        "tags",
        *("Categories", "Kategorien", "Catégories", "Categorías"),  # Outlook, separated by semicolons
        *LABEL_TITLES,
    ),
    # Each of these columns can opt a contact out, and none can opt a contact in: see `opt_outs`.
    "opt_out": ("opt_out", *OPT_OUT_TITLES, *CONSENT_TITLES),
}
