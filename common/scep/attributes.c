/* Adds signed attributes to a message. */
#include "scep/local.h"

#include <string.h>

#include <openssl/objects.h>

/* A length of -1 would mean that data is an ASN1_STRING. */
bool
scep_add_attribute(CMS_SignerInfo *si, const char *oid, int type,
    const void *data, size_t len)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	bool ok;

	ok = obj != NULL && CMS_signed_add1_attr_by_OBJ(si, obj, type, data,
	    (int)len) == 1;
	ASN1_OBJECT_free(obj);
	return ok;
}

bool
scep_add_text(CMS_SignerInfo *si, const char *oid, const char *text)
{
	return scep_add_attribute(si, oid, V_ASN1_PRINTABLESTRING, text,
	    strlen(text));
}
