"""The rules that decide a request, by their names in the audit log."""

from enum import StrEnum


class Rule(StrEnum):
    """The rules, in the order in which they are checked; the first that fails decides."""

    CALLER_KNOWN = "caller.known"
    CALLER_UNIQUE_ID = "caller.unique_id"
    CALLER_SECRET = "caller.secret"
    CALLER_BLOCKED = "caller.blocked"
    GRANT_EXISTS = "grant.exists"
    CREDENTIAL_EXISTS = "credential.exists"
    CREDENTIAL_BLOCKED = "credential.blocked"
    API_KEY_ENTRY = "credential.api_key_entry"
    CONNECTION = "request.connection"
    SUBJECT_TOKEN = "request.subject_token"
    USER_ISSUER = "grant.users"
    USER_AUDIENCE = "subject_token.audience"
    CONNECTION_GRANTED = "grant.connections"
    CONNECTION_BLOCKED = "connection.blocked"
    CONNECTION_ACTIVE = "connection.active"
    CONNECTION_LOST = "connection.lost"
    CONNECTION_SCOPES = "connection.scopes"
    TENANT = "grant.tenants"
    SCOPES = "grant.scopes"
    WHOLE_SCOPE = "grant.covers_whole_scope"
    FULL_ACCESS = "grant.full_access"
    AUDIENCE = "grant.audiences"
    RESOURCE = "grant.resources"
    SCOPE_GIVEN = "grant.accept_less"
    GRANTED = "granted"
