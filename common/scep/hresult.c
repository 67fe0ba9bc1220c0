/* Explains the Windows error code in a refusal from Microsoft's NDES. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scep/scep.h"

static const struct {
	uint32_t code;
	const char *text;
} known[] = {
	{ 0x80004005, "unspecified error" },
	{ 0x80070005, "access denied" },
	{ 0x8007000d, "the data is invalid" },
	{ 0x80070057, "a parameter is incorrect" },
	{ 0x800706ba, "the CA's server cannot be reached" },
	{ 0x80090005, "bad data" },
	{ 0x8009000b, "the key is not valid in this state" },
	{ 0x80090016, "the key set does not exist" },
	{ 0x80092013, "the revocation server is offline" },
	{ 0x80093100, "an ASN.1 error" },
	{ 0x80094001, "the subject is invalid or too long" },
	{ 0x80094002, "there is no such request" },
	{ 0x80094003, "the status of the request does not allow it" },
	{ 0x80094004, "a property of the request is empty" },
	{ 0x80094005, "the CA's certificate is invalid" },
	{ 0x80094006, "the CA is suspended" },
	{ 0x8009400e, "the certificate to be renewed is missing or wrong" },
	{ 0x80094011, "the CA does not allow this user to enroll" },
	{ 0x80094012, "the template does not allow this user to enroll" },
	{ 0x80094014, "an administrator denied the request" },
	{ 0x80094800, "the CA does not support this template" },
	{ 0x80094801, "the request names no template" },
	{ 0x80094803, "the template requires an alternative name" },
	{ 0x80094806, "the subject differs from that to be renewed" },
	{ 0x80094807, "the template's version is not supported" },
	{ 0x80094809, "the template requires a signature policy" },
	{ 0x8009480a, "the request lacks required signatures" },
	{ 0x8009480b, "a signature of the request was rejected" },
	{ 0x8009480d, "the template requires a user principal name" },
	{ 0x8009480f, "the template requires a DNS name" },
	{ 0x80094811, "the key is smaller than the template requires" },
	{ 0x80094812, "the template requires an email address" },
	{ 0x800b0101, "a certificate is expired or not yet valid" },
	{ 0x800b0109, "a chain ends in a root that is not trusted" },
	{ 0x800b010a, "a chain cannot be built to a trusted root" },
	{ 0x800b0110, "a certificate is not for this use" },
};

bool
scep_hresult(const char *text, uint32_t *code)
{
	long long n;
	char *end;

	n = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (end == text || *end != '\0' || n < INT32_MIN || n > UINT32_MAX)
		return false;
	*code = (uint32_t)n;
	return true;
}

const char *
scep_hresult_text(uint32_t code)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].code == code)
			return known[i].text;
	return NULL;
}
