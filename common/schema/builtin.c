/*
 * The built-in schema, used without Apple's files: the same format, in our own
 * words.  A type may have alternatives: "<a>|<b>".
 */
#include "schema/local.h"

#define COMMON								\
	"- {key: PayloadIdentifier, type: <string>, presence: required}\n" \
	"- {key: PayloadUUID, type: <string>, presence: required}\n"	\
	"- {key: PayloadType, type: <string>, presence: required}\n"	\
	"- {key: PayloadVersion, type: <integer>, presence: required,\n" \
	"   rangelist: [1]}\n"						\
	"- {key: PayloadDescription, type: <string>}\n"			\
	"- {key: PayloadDisplayName, type: <string>}\n"			\
	"- {key: PayloadOrganization, type: <string>}\n"

static const char top_level[] =
    "\npayload:\n  payloadtype: TopLevel\n"
    "payloadkeys:\n"
    COMMON
    "- {key: PayloadContent, type: <array>, presence: required}\n"
    "- {key: IsEncrypted, type: <boolean>}\n"
    "- {key: EncryptedPayloadContent, type: <data>}\n"
    "- {key: HasRemovalPasscode, type: <boolean>}\n"
    "- {key: PayloadRemovalDisallowed, type: <boolean>}\n"
    "- {key: PayloadScope, type: <string>, rangelist: [System, User]}\n"
    "- {key: RemovalDate, type: <date>}\n"
    "- {key: DurationUntilRemoval, type: <real>}\n"
    "- {key: PayloadExpirationDate, type: <date>}\n"
    "- {key: TargetDeviceType, type: <integer>,\n"
    "   rangelist: [0, 1, 2, 3, 4, 5, 6]}\n"
    "- key: ConsentText\n"
    "  type: <dictionary>\n"
    "  subkeys: [{key: ANY, type: <string>}]\n";

static const char common[] =
    "\npayload:\n  payloadtype: CommonPayloadKeys\n"
    "payloadkeys:\n"
    COMMON;

/*
 * Keys that profile editors write and devices ignore, but that Apple's files
 * lack.
 */
static const char tolerated[] =
    "\npayload:\n  payloadtype: Tolerated\n"
    "payloadkeys:\n"
    "- {key: PayloadEnabled, type: <boolean>}\n"
    "- {key: PayloadRebootSuggested, type: <boolean>}\n"
    "- {key: PayloadScope, type: <string>, rangelist: [System, User]}\n"
    "- {key: PayloadRemovalDisallowed, type: <boolean>}\n"
    "- {key: PayloadExpirationDate, type: <date>}\n";

/* The profile of phase 1, from the document about over-the-air enrollment. */
static const char profile_service[] =
    "\npayload:\n  payloadtype: Profile Service\n"
    "payloadkeys:\n"
    COMMON
    "- key: PayloadContent\n"
    "  type: <dictionary>\n"
    "  presence: required\n"
    "  subkeys:\n"
    "  - {key: URL, type: <string>, presence: required,\n"
    "     format: '^[Hh][Tt][Tt][Pp][Ss]?://.'}\n"
    "  - key: DeviceAttributes\n"
    "    type: <array>\n"
    "    presence: required\n"
    "    subkeys: [{key: DeviceAttribute, type: <string>}]\n"
    "  - {key: Challenge, type: '<string>|<data>'}\n";

static const char scep[] =
    "\npayload:\n  payloadtype: com.apple.security.scep\n"
    "payloadkeys:\n"
    "- key: PayloadContent\n"
    "  type: <dictionary>\n"
    "  presence: required\n"
    "  subkeys:\n"
    "  - {key: URL, type: <string>, presence: required}\n"
    "  - {key: Name, type: <string>}\n"
    "  - key: Subject\n"
    "    type: <array>\n"
    "    subkeys:\n"
    "    - key: Name\n"
    "      type: <array>\n"
    "      subkeys:\n"
    "      - key: Pair\n"
    "        type: <array>\n"
    "        subkeys:\n"
    "        - {key: Text, type: <string>, repetition: {min: 2, max: 2}}\n"
    "  - {key: Challenge, type: <string>}\n"
    "  - {key: Keysize, type: <integer>, rangelist: [1024, 2048, 4096]}\n"
    "  - {key: Key Type, type: <string>}\n"
    "  - {key: Key Usage, type: <integer>, range: {min: 0, max: 5}}\n"
    "  - {key: CAFingerprint, type: <data>}\n"
    "  - {key: Retries, type: <integer>}\n"
    "  - {key: RetryDelay, type: <integer>}\n"
    "  - key: SubjectAltName\n"
    "    type: <dictionary>\n"
    "    subkeys:\n"
    "    - {key: rfc822Name, type: <string>}\n"
    "    - {key: dNSName, type: <string>}\n"
    "    - {key: uniformResourceIdentifier, type: <string>}\n"
    "    - {key: ntPrincipalName, type: <string>}\n"
    "  - {key: KeyIsExtractable, type: <boolean>}\n"
    "  - {key: AllowAllAppsAccess, type: <boolean>}\n";

#define CERTIFICATE(type)						\
	"\npayload:\n  payloadtype: " type "\n"			\
	"payloadkeys:\n"						\
	"- {key: PayloadCertificateFileName, type: <string>}\n"		\
	"- {key: PayloadContent, type: <data>, presence: required}\n"

static const char root[] = CERTIFICATE("com.apple.security.root");
static const char pkcs1[] = CERTIFICATE("com.apple.security.pkcs1");
static const char pem[] = CERTIFICATE("com.apple.security.pem");
static const char pkcs12[] =
    CERTIFICATE("com.apple.security.pkcs12")
    "- {key: Password, type: <string>}\n"
    "- {key: AllowAllAppsAccess, type: <boolean>}\n"
    "- {key: KeyIsExtractable, type: <boolean>}\n";

const char *const schema_built_in[] = {
	top_level, common, tolerated, profile_service, scep, root, pkcs1, pem,
	pkcs12, NULL,
};
