/* All rules: name, severity, sentence, and how to fix it. */
#include <string.h>

#include "finding/finding.h"

#define E FINDING_ERROR
#define W FINDING_WARNING
#define N FINDING_NOTE
const struct finding_rule_info finding_rules[FINDING_RULES] = {
	[RULE_NOT_A_PLIST] = { "not-a-plist", E,
	    "The file is neither a property list nor YAML for one",
	    "Check the file with plutil -lint or Python's plistlib. Devices "
	    "refuse a file that they cannot read." },
	[RULE_NOT_A_PROFILE] = { "not-a-profile", E,
	    "The property list is not a profile",
	    "A profile is a dictionary whose PayloadType is Configuration or "
	    "Profile Service." },
	[RULE_UNREADABLE] = { "unreadable", E,
	    "The file cannot be read",
	    "It must exist, be a regular file of at most 16 MiB, and be "
	    "readable." },
	[RULE_DUPLICATE_KEY] = { "duplicate-key", E,
	    "A dictionary has the same key twice",
	    "Remove one of them: devices may use either. The last one was "
	    "checked." },
	[RULE_BAD_VALUE] = { "bad-value", E,
	    "A value is malformed",
	    "Correct the base64, date or number. In YAML, quote it if it is "
	    "text. The value was not checked further." },
	[RULE_STRAY_BYTES] = { "stray-bytes", W,
	    "There are bytes before or after the property list",
	    "Remove them: many readers refuse the file because of them." },
	[RULE_WRONG_TYPE] = { "wrong-type", E,
	    "A value does not have the type that the schema requires",
	    "Use the type that the message names, such as <string> or "
	    "<integer>." },
	[RULE_BOOL_AS_INTEGER] = { "bool-as-integer", E,
	    "A boolean is written as an integer",
	    "Write <true/> or <false/>. In YAML, write true or false without "
	    "quotes." },
	[RULE_REAL_AS_INTEGER] = { "real-as-integer", W,
	    "An integer is written as a real",
	    "Write it as an <integer>, without a decimal point." },
	[RULE_INTEGER_AS_BOOL] = { "integer-as-bool", W,
	    "An integer that is 0 or 1 is written as a boolean",
	    "Write 0 or 1 as an <integer>." },
	[RULE_MISSING_KEY] = { "missing-key", E,
	    "A required key is missing",
	    "Add the key. Without it, devices refuse the profile or the "
	    "payload has no effect." },
	[RULE_UNKNOWN_VALUE] = { "unknown-value", E,
	    "A value is not one of those that the schema lists",
	    "Use one of the listed values, in the same case." },
	[RULE_BAD_RANGE] = { "bad-range", E,
	    "A number is outside the range of the schema",
	    "Use a number within the range." },
	[RULE_BAD_FORMAT] = { "bad-format", E,
	    "A value does not have the format that the schema requires",
	    "Write the value in the format that the message names." },
	[RULE_BAD_COUNT] = { "bad-count", E,
	    "An array has too few or too many items",
	    "Add or remove items." },
	[RULE_PAYLOAD_VERSION] = { "payload-version", E,
	    "PayloadVersion is missing or not 1",
	    "Set PayloadVersion to the integer 1." },
	[RULE_DUPLICATE_UUID] = { "duplicate-uuid", E,
	    "A PayloadUUID is used twice in a profile",
	    "Give each payload its own UUID, for example with uuidgen." },
	[RULE_DUPLICATE_IDENTIFIER] = { "duplicate-identifier", W,
	    "A PayloadIdentifier is used twice in a profile",
	    "Give each payload its own identifier, such as the profile's "
	    "with a suffix." },
	[RULE_BAD_UUID] = { "bad-uuid", W,
	    "A PayloadUUID is not a valid UUID",
	    "Make a UUID with uuidgen." },
	[RULE_LOWER_CASE_UUID] = { "lower-case-uuid", N,
	    "A PayloadUUID is not in upper case",
	    "This works, but devices and servers write upper case." },
	[RULE_SHARED_IDENTIFIER] = { "shared-identifier", W,
	    "Two files have the same PayloadIdentifier",
	    "A profile replaces an installed one with the same identifier. "
	    "Give different profiles different identifiers." },
	[RULE_SHARED_UUID] = { "shared-uuid", W,
	    "Two files have the same PayloadUUID",
	    "Make a new UUID for each profile and payload. A copy of a file "
	    "keeps the old ones." },
	[RULE_DANGLING_REFERENCE] = { "dangling-reference", W,
	    "A key refers to the UUID of a payload that is not in the profile",
	    "Add the payload to this profile, or correct the UUID. A "
	    "reference cannot reach another profile." },
	[RULE_MULTIPLE_PAYLOADS] = { "multiple-payloads", W,
	    "A payload type that is allowed only once occurs twice",
	    "Merge the payloads into one, or put them into separate "
	    "profiles." },
	[RULE_PEM_IN_DATA] = { "pem-in-data", E,
	    "Data contains PEM text instead of DER",
	    "Decode the base64 between the PEM lines, and put the result "
	    "into the data element." },
	[RULE_BAD_CERTIFICATE] = { "bad-certificate", E,
	    "The certificate in a payload cannot be parsed",
	    "Export it again. A certificate must be DER." },
	[RULE_EXPIRED_CERTIFICATE] = { "expired-certificate", W,
	    "A certificate in a payload has expired",
	    "Replace the certificate." },
	[RULE_CERTIFICATE_EXPIRES_SOON] = { "certificate-expires-soon", W,
	    "A certificate in a payload expires within 30 days",
	    "Replace the certificate before it expires." },
	[RULE_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", W,
	    "A certificate in a payload is not valid yet",
	    "Deliver the profile after that date, or check the clock." },
	[RULE_CERTIFICATE] = { "certificate", N,
	    "A payload contains a certificate with this subject and expiry",
	    "This is only for information." },
	[RULE_WEAK_KEY] = { "weak-key", W,
	    "An RSA key has fewer than 2048 bits",
	    "Use at least 2048 bits." },
	[RULE_CLEAR_TEXT_SECRET] = { "clear-text-secret", W,
	    "The profile contains a secret in clear text",
	    "Encrypt the profile for its device, or fill in the value for "
	    "each device. Everybody who gets the file can read it." },
	[RULE_PLAIN_HTTP] = { "plain-http", W,
	    "A URL uses http, but devices accept only https",
	    "Use an https URL." },
	[RULE_UNSUPPORTED] = { "unsupported", W,
	    "The chosen platform does not support a payload or key",
	    "Leave it out for this platform, or deliver it only to others." },
	[RULE_TOO_NEW] = { "too-new", W,
	    "A payload or key is newer than the chosen version",
	    "Older systems ignore it or refuse the profile. Raise --os if "
	    "they are no longer in use." },
	[RULE_DEPRECATED] = { "deprecated", W,
	    "A payload or key is deprecated in the chosen version",
	    "Look for its successor in Apple's documentation." },
	[RULE_REMOVED] = { "removed", W,
	    "A payload or key was removed from the chosen version",
	    "Leave it out: it has no effect." },
	[RULE_TYPE_NOT_ALLOWED] = { "type-not-allowed", E,
	    "A payload type is not in the list of --allow-types",
	    "Remove the payload, or add its type to --allow-types." },
	[RULE_UNKNOWN_TYPE] = { "unknown-type", N,
	    "A payload type is not in the schema",
	    "Check the spelling. The type may also belong to an app, or be "
	    "newer than the schema." },
	[RULE_UNKNOWN_KEY] = { "unknown-key", N,
	    "A key is not in the schema",
	    "Check the spelling and the case. The key may also be newer than "
	    "the schema." },
	[RULE_ENCRYPTED] = { "encrypted", N,
	    "The content is encrypted and was not checked",
	    "Decrypt the profile before you check it." },
	[RULE_SIGNED] = { "signed", N,
	    "The signature was removed without being verified",
	    "Use mcfg-verify to verify it." },
	[RULE_NOT_BY_HAND] = { "not-by-hand", E,
	    "A payload or key cannot be installed by hand",
	    "Deliver the profile by MDM, or leave the payload out." },
	[RULE_NEEDS_SUPERVISION] = { "needs-supervision", E,
	    "A payload or key needs a supervised device",
	    "Deliver it only to supervised devices: others refuse the "
	    "payload or ignore the key." },
	[RULE_NEEDS_APPROVED_MDM] = { "needs-approved-mdm", W,
	    "A payload or key needs an MDM that the user approved",
	    "Use Automated Device Enrollment, or have the user approve the "
	    "enrollment profile." },
	[RULE_NOT_IN_USER_ENROLLMENT] = { "not-in-user-enrollment", E,
	    "A payload or key is not allowed in a User Enrollment",
	    "Leave it out of profiles for User Enrollment." },
	[RULE_SCHEMA_TOO_OLD] = { "schema-too-old", W,
	    "The chosen version is newer than the schema",
	    "Update the checkout of device-management: this one lacks what "
	    "is new in that version." },
	[RULE_WRONG_PASSWORD] = { "wrong-password", E,
	    "The Password of a payload does not decrypt its PKCS #12",
	    "Correct the password, or leave it out: then the user is asked "
	    "for it." },
	[RULE_PKCS12_WITHOUT_MAC] = { "pkcs12-without-mac", W,
	    "A PKCS #12 has no MAC",
	    "Export it again: many systems do not import one without a MAC." },
	[RULE_PKCS12_TOO_NEW] = { "pkcs12-too-new", W,
	    "Older systems cannot decrypt a PKCS #12",
	    "For older systems, export it with 3DES and a SHA-1 MAC, for "
	    "example with openssl pkcs12 -export -legacy." },
	[RULE_BAD_COMBINATION] = { "bad-combination", E,
	    "Two values in a payload contradict each other",
	    "Change one of them, as the message says." },
	[RULE_WRONG_REFERENCE] = { "wrong-reference", E,
	    "A reference names a payload of the wrong kind",
	    "Refer to a payload that holds what the key needs: an identity "
	    "(PKCS #12, SCEP, ACME, ADCertificate) or a certificate." },
	[RULE_PAST_DATE] = { "past-date", W,
	    "The RemovalDate of the profile has passed",
	    "Choose a later RemovalDate, or leave it out." },
	[RULE_WHITE_SPACE] = { "white-space", W,
	    "A value begins or ends with white space",
	    "Remove the white space: it becomes part of the value." },
	[RULE_EMPTY_SUBJECT] = { "empty-subject", W,
	    "The subject of a certificate request, or a part of it, is empty",
	    "Add a subject, or leave the key out if the CA chooses the name." },
	[RULE_EXCESS_PADDING] = { "excess-padding", W,
	    "The base64 of data has more '=' at its end than it needs",
	    "Remove them: Apple's software ignores them, but other readers "
	    "refuse the file." },
};
#undef E
#undef W
#undef N

static const char *const severity_names[] = { "note", "warning", "error" };

const char *
finding_severity_name(enum finding_severity s)
{
	return severity_names[s];
}

/*
 * Takes the next name off the comma-separated list at *list; false at its end.
 */
static bool
next_name(const char **list, const char **name, size_t *len)
{
	*name = *list;
	*len = strcspn(*list, ",");
	*list += *len;
	if (**list == ',')
		(*list)++;
	return *len > 0;
}

bool
finding_find_rule(const char *name, size_t len, enum finding_rule *out)
{
	int i;

	for (i = 0; i < FINDING_RULES; i++)
		if (strlen(finding_rules[i].name) == len &&
		    strncmp(finding_rules[i].name, name, len) == 0) {
			*out = (enum finding_rule)i;
			return true;
		}
	return false;
}

bool
finding_list_has(const char *list, enum finding_rule rule)
{
	const char *name;
	size_t len;
	enum finding_rule one;

	while (next_name(&list, &name, &len))
		if (finding_find_rule(name, len, &one) && one == rule)
			return true;
	return false;
}

const char *
finding_check_rules(const char *list)
{
	const char *name;
	size_t len;
	enum finding_rule rule;

	if (*list == '\0')
		return "no rule";
	while (next_name(&list, &name, &len))
		if (!finding_find_rule(name, len, &rule))
			return "not a rule (mcfg-lint(1) lists them)";
	return *list == '\0' ? NULL : "a rule without a name";
}
