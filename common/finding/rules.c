/* All rules: name, severity, sentence, and how to fix it. */
#include <string.h>

#include "finding/finding.h"

#define E FINDING_ERROR
#define W FINDING_WARNING
#define N FINDING_NOTE
const struct finding_rule_info finding_rules[FINDING_RULES] = {
	[RULE_NOT_A_PLIST] = { "not-a-plist", E,
	    "the file cannot be read as a property list or as its YAML",
	    "Check the file with plutil -lint, or with python3 and "
	    "plistlib; devices refuse what they cannot read." },
	[RULE_NOT_A_PROFILE] = { "not-a-profile", E,
	    "the property list is not a profile",
	    "A profile is a dictionary whose PayloadType is "
	    "Configuration or Profile Service." },
	[RULE_UNREADABLE] = { "unreadable", E,
	    "the file cannot be read",
	    "Check that the file exists, is a regular file, may be "
	    "read, and is not larger than 16 MiB." },
	[RULE_DUPLICATE_KEY] = { "duplicate-key", E,
	    "a dictionary has the same key twice",
	    "Remove one of the two: which one a device takes is not "
	    "defined. The last one was judged." },
	[RULE_BAD_VALUE] = { "bad-value", E,
	    "a value cannot be read",
	    "Correct the base64, date or number; in YAML, quote what is "
	    "meant as text. Nothing else was said of the value." },
	[RULE_STRAY_BYTES] = { "stray-bytes", W,
	    "there are bytes before or behind the property list",
	    "Remove them: many readers refuse the file because of them." },
	[RULE_WRONG_TYPE] = { "wrong-type", E,
	    "a value has another type than the schema says",
	    "Write the value with the element that the schema names, "
	    "such as <string> or <integer>." },
	[RULE_BOOL_AS_INTEGER] = { "bool-as-integer", E,
	    "a boolean is written as an integer",
	    "Write <true/> or <false/>; in YAML, true or false without "
	    "quotes." },
	[RULE_REAL_AS_INTEGER] = { "real-as-integer", W,
	    "an integer is written as a real",
	    "Write the number as <integer>, without a decimal point." },
	[RULE_INTEGER_AS_BOOL] = { "integer-as-bool", W,
	    "an integer that is 0 or 1 is written as a boolean",
	    "Write 0 or 1 as <integer>." },
	[RULE_MISSING_KEY] = { "missing-key", E,
	    "a key that must be there is missing",
	    "Add the key; a device refuses the profile, or the payload "
	    "does nothing, without it." },
	[RULE_UNKNOWN_VALUE] = { "unknown-value", E,
	    "a value is not one of those that the schema lists",
	    "Use one of the listed values, in the same case." },
	[RULE_BAD_RANGE] = { "bad-range", E,
	    "a number is outside the range of the schema",
	    "Use a number inside the range." },
	[RULE_BAD_FORMAT] = { "bad-format", E,
	    "a value does not have the form that the schema asks for",
	    "Write the value in the form that the message names." },
	[RULE_BAD_COUNT] = { "bad-count", E,
	    "an array has too few or too many items",
	    "Add or remove items." },
	[RULE_PAYLOAD_VERSION] = { "payload-version", E,
	    "PayloadVersion is missing or not 1",
	    "Set PayloadVersion to the integer 1." },
	[RULE_DUPLICATE_UUID] = { "duplicate-uuid", E,
	    "a PayloadUUID is used twice in a profile",
	    "Give each payload its own UUID, for example with "
	    "uuidgen." },
	[RULE_DUPLICATE_IDENTIFIER] = { "duplicate-identifier", W,
	    "a PayloadIdentifier is used twice in a profile",
	    "Give each payload its own identifier, such as the "
	    "profile's with a suffix." },
	[RULE_BAD_UUID] = { "bad-uuid", W,
	    "a PayloadUUID does not have the form of a UUID",
	    "Make a UUID with uuidgen." },
	[RULE_LOWER_CASE_UUID] = { "lower-case-uuid", N,
	    "a PayloadUUID is not written in capitals",
	    "Nothing breaks; capitals are what devices and servers "
	    "write." },
	[RULE_SHARED_IDENTIFIER] = { "shared-identifier", W,
	    "two files have the same PayloadIdentifier",
	    "A profile replaces an installed one with the same "
	    "identifier. Give different profiles different "
	    "identifiers." },
	[RULE_SHARED_UUID] = { "shared-uuid", W,
	    "two files have the same PayloadUUID",
	    "Make a new UUID for each profile and payload; copies of a "
	    "file keep the old ones." },
	[RULE_DANGLING_REFERENCE] = { "dangling-reference", W,
	    "a payload is named by its UUID and is not in the profile",
	    "Put the payload into this profile, or correct the UUID: "
	    "references do not reach other profiles." },
	[RULE_MULTIPLE_PAYLOADS] = { "multiple-payloads", W,
	    "a payload type that is allowed only once occurs twice",
	    "Merge the payloads into one, or put them into different "
	    "profiles." },
	[RULE_PEM_IN_DATA] = { "pem-in-data", E,
	    "data holds PEM text where DER is expected",
	    "Decode the base64 between the PEM lines and put these "
	    "bytes into the data element." },
	[RULE_BAD_CERTIFICATE] = { "bad-certificate", E,
	    "a certificate payload does not parse",
	    "Export the certificate again, as DER." },
	[RULE_EXPIRED_CERTIFICATE] = { "expired-certificate", W,
	    "a certificate in a payload has expired",
	    "Replace the certificate." },
	[RULE_CERTIFICATE_EXPIRES_SOON] = { "certificate-expires-soon", W,
	    "a certificate in a payload expires within 30 days",
	    "Replace the certificate before it expires." },
	[RULE_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", W,
	    "a certificate in a payload is not valid yet",
	    "Deliver the profile after this date, or check the clock." },
	[RULE_CERTIFICATE] = { "certificate", N,
	    "whose a certificate in a payload is, and when it expires",
	    "For your information only." },
	[RULE_WEAK_KEY] = { "weak-key", W,
	    "an RSA key has less than 2048 bits",
	    "Use 2048 bits or more." },
	[RULE_CLEAR_TEXT_SECRET] = { "clear-text-secret", W,
	    "a password or challenge stands in the profile in clear text",
	    "Encrypt the profile for its device, or fill the value in "
	    "for each device; everybody who gets the file can read it." },
	[RULE_PLAIN_HTTP] = { "plain-http", W,
	    "an address that devices take only with https",
	    "Use an https address." },
	[RULE_UNSUPPORTED] = { "unsupported", W,
	    "the chosen platform does not know a payload or key",
	    "Leave it out for this platform, or deliver it to others." },
	[RULE_TOO_NEW] = { "too-new", W,
	    "a payload or key is newer than the chosen version",
	    "Older systems ignore it, or refuse the profile. Raise "
	    "--os if they are no longer in use." },
	[RULE_DEPRECATED] = { "deprecated", W,
	    "a payload or key is deprecated in the chosen version",
	    "Look for its successor in Apple's documentation." },
	[RULE_REMOVED] = { "removed", W,
	    "a payload or key was removed from the chosen version",
	    "Leave it out: it has no effect any more." },
	[RULE_TYPE_NOT_ALLOWED] = { "type-not-allowed", E,
	    "a payload type is not in the list of --allow-types",
	    "Remove the payload, or add its type to --allow-types." },
	[RULE_UNKNOWN_TYPE] = { "unknown-type", N,
	    "the schema does not know a payload type",
	    "Check the spelling; or the type belongs to an app, or is "
	    "newer than the schema." },
	[RULE_UNKNOWN_KEY] = { "unknown-key", N,
	    "the schema does not know a key",
	    "Check the spelling and the case; or the key is newer than "
	    "the schema." },
	[RULE_ENCRYPTED] = { "encrypted", N,
	    "the content is encrypted and was not looked at",
	    "Decrypt the profile before you check it." },
	[RULE_SIGNED] = { "signed", N,
	    "the signature was taken off and not verified",
	    "Use mcfg-verify to judge the signature." },
	[RULE_NOT_BY_HAND] = { "not-by-hand", E,
	    "a payload or key is refused if installed by hand",
	    "Deliver the profile by an MDM, or leave the payload out." },
	[RULE_NEEDS_SUPERVISION] = { "needs-supervision", E,
	    "a payload or key needs a supervised device",
	    "Deliver it to supervised devices only; others refuse the "
	    "payload, or ignore the key." },
	[RULE_NEEDS_APPROVED_MDM] = { "needs-approved-mdm", W,
	    "a payload or key needs an MDM that the user approved",
	    "Enroll with Automated Device Enrollment, or let the user "
	    "approve the enrollment profile." },
	[RULE_NOT_IN_USER_ENROLLMENT] = { "not-in-user-enrollment", E,
	    "a payload or key has no effect in a User Enrollment",
	    "Leave it out of the profiles for User Enrollment." },
	[RULE_SCHEMA_TOO_OLD] = { "schema-too-old", W,
	    "the schema does not know the chosen version yet",
	    "Update the checkout of device-management; what is new in "
	    "this version is unknown to the old one." },
	[RULE_WRONG_PASSWORD] = { "wrong-password", E,
	    "the Password of a payload does not open its PKCS #12",
	    "Correct the password, or leave it out: then the user is "
	    "asked." },
	[RULE_PKCS12_WITHOUT_MAC] = { "pkcs12-without-mac", W,
	    "a PKCS #12 has no MAC",
	    "Export it again; many systems do not import it without "
	    "a MAC." },
	[RULE_PKCS12_TOO_NEW] = { "pkcs12-too-new", W,
	    "older systems cannot open a PKCS #12",
	    "Export it with 3DES and a SHA-1 MAC, for example with "
	    "openssl pkcs12 -export -legacy, if old systems get it." },
	[RULE_BAD_COMBINATION] = { "bad-combination", E,
	    "two values in a payload contradict each other",
	    "Change one of the two, as the message says." },
	[RULE_WRONG_REFERENCE] = { "wrong-reference", E,
	    "a reference names a payload of the wrong kind",
	    "Name a payload that holds what the key needs: an identity "
	    "(PKCS #12, SCEP, ACME, ADCertificate) or a certificate." },
	[RULE_PAST_DATE] = { "past-date", W,
	    "the profile is to be removed at a time that has passed",
	    "Choose a later RemovalDate, or leave it out." },
	[RULE_WHITE_SPACE] = { "white-space", W,
	    "a value begins or ends with white space",
	    "Remove the white space: it is taken as a part of the value." },
	[RULE_EMPTY_SUBJECT] = { "empty-subject", W,
	    "the subject of a certificate request, or a part of it, is empty",
	    "Give the request a subject, or leave the key out if the "
	    "authority chooses the name." },
	[RULE_EXCESS_PADDING] = { "excess-padding", W,
	    "base64 in data has more '=' at its end than it needs",
	    "Remove them: Apple's readers pass over them, others refuse "
	    "the file." },
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
