#include "plist/device_attributes.h"

#include <string.h>

#define DOCUMENTED	(DEVICE_KNOWN | DEVICE_DOCUMENTED)
#define MACHINE_INFO	(DEVICE_KNOWN | DEVICE_MACHINE_INFO)

static const struct {
	const char *name;
	unsigned what;
} attributes[] = {
	{ "UDID", DOCUMENTED | DEVICE_TELLING },
	{ "VERSION", DOCUMENTED },
	{ "PRODUCT", DOCUMENTED | DEVICE_TELLING },
	{ "SERIAL", DOCUMENTED | DEVICE_TELLING },
	{ "MEID", DOCUMENTED | DEVICE_TELLING },
	{ "IMEI", DOCUMENTED | DEVICE_TELLING },
	{ "ICCID", DOCUMENTED | DEVICE_TELLING },
	{ "MAC_ADDRESS_EN0", DOCUMENTED | DEVICE_TELLING },
	{ "DEVICE_NAME", DEVICE_KNOWN | DEVICE_TELLING },
	{ "CHALLENGE", DEVICE_KNOWN | DEVICE_TELLING },
	{ "COMPROMISED", DEVICE_KNOWN },
	{ "IMSI", DEVICE_KNOWN },
	{ "ECID", DEVICE_KNOWN },
	{ "NotOnConsole", DEVICE_KNOWN },
	{ "UserID", DEVICE_KNOWN },
	{ "UserLongName", DEVICE_KNOWN },
	{ "UserShortName", DEVICE_KNOWN },
	{ "LANGUAGE", MACHINE_INFO },
	{ "OS_VERSION", MACHINE_INFO },
	{ "MDM_CAN_REQUEST_SOFTWARE_UPDATE", MACHINE_INFO },
	{ "MDM_CAN_REQUEST_PSSO_CONFIG", MACHINE_INFO },
	{ "SOFTWARE_UPDATE_DEVICE_ID", MACHINE_INFO },
	{ "SUPPLEMENTAL_BUILD_VERSION", MACHINE_INFO },
	{ "SUPPLEMENTAL_OS_VERSION_EXTRA", MACHINE_INFO },
	{ "PAIRING_TOKEN", MACHINE_INFO },
};

static const char *usual[] = { "UDID", "VERSION", "PRODUCT", "SERIAL" };
const struct strings device_usual_attributes = { usual, ARRAY_LEN(usual) };

unsigned
device_attribute(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(attributes); i++)
		if (strcmp(attributes[i].name, name) == 0)
			return attributes[i].what;
	return 0;
}

const char *
device_attribute_at(size_t n)
{
	return n < ARRAY_LEN(attributes) ? attributes[n].name : NULL;
}

char *
device_claim(const struct tree *t, const char *name)
{
	const char *text = t == NULL ? NULL : tree_get_string(t, name);
	const char end[] = { DEVICE_CLAIM_END, '\0' };

	return text == NULL ? xstrdup("") : xstrndup(text, strcspn(text, end));
}
