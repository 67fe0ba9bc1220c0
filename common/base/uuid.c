#include "base/uuid.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/buf.h"

enum {
	UUID_LEN = 16,
	VERSION_RANDOM = 4,
	VERSION_NAME = 5,
};

/* RFC 9562 6.6: the name space of object identifiers. */
static const unsigned char oid_space[UUID_LEN] = {
	0x6B, 0xA7, 0xB8, 0x12, 0x9D, 0xAD, 0x11, 0xD1,
	0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
};

static void NORETURN
give_up(void)
{
	exit((int)fail_ssl(FAULT, "cannot make a UUID"));
}

/* RFC 9562 4.1 and 4.2: sets version and variant. */
static void
set_version(unsigned char id[UUID_LEN], int version)
{
	id[6] = (unsigned char)((id[6] & 0x0F) | version << 4);
	id[8] = (unsigned char)((id[8] & 0x3F) | 0x80);
}

/* RFC 9562 5.5: the beginning of SHA-1(name space, name). */
static void
from_name(const unsigned char space[UUID_LEN], const char *name,
    unsigned char id[UUID_LEN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	auto_buf in = BUF_INIT;

	buf_add(&in, space, UUID_LEN);
	buf_puts(&in, name);
	if (EVP_Digest(in.data, in.len, md, NULL, EVP_sha1(), NULL) != 1)
		give_up();
	memcpy(id, md, UUID_LEN);
	set_version(id, VERSION_NAME);
}

static bool
has_dash_at(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

void
ident_make(const char *seed, const char *path, char out[IDENT_TEXT])
{
	unsigned char space[UUID_LEN], id[UUID_LEN];
	size_t i, n = 0;

	if (seed != NULL) {
		from_name(oid_space, seed, space);
		from_name(space, path, id);
	} else {
		if (RAND_bytes(id, sizeof id) != 1)
			give_up();
		set_version(id, VERSION_RANDOM);
	}
	for (i = 0; i < UUID_LEN; i++) {
		if (has_dash_at(n))
			out[n++] = '-';
		snprintf(out + n, IDENT_TEXT - n, "%02X", id[i]);
		n += 2;
	}
}

bool
ident_is_uuid(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (has_dash_at(i) ? text[i] != '-' :
		    !isxdigit((unsigned char)text[i]))
			return false;
	return i == IDENT_TEXT - 1;
}
