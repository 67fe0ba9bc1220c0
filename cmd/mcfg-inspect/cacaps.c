/* The text that a server returns for GetCACaps, RFC 8894 3.5.2. */
#include <string.h>

#include "http.h"

static bool
is_known_cap(struct span line)
{
	static const char *const caps[] = {
		"AES", "DES3", "GetNextCACert", "POSTPKIOperation", "Renewal",
		"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512",
		"SCEPStandard", "Update",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(caps); i++)
		if (line.len == strlen(caps[i]) &&
		    memcmp(line.p, caps[i], line.len) == 0)
			return true;
	return false;
}

static bool
is_word(struct span line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (line.p[i] <= ' ' || line.p[i] > '~')
			return false;
	return line.len > 0 && line.len <= 64;
}

static bool
has_cap(const struct report *caps, const char *name)
{
	size_t i;

	for (i = 0; i < report_count(caps); i++)
		if (strcmp(report_text(report_at(caps, i), NULL), name) == 0)
			return true;
	return false;
}

static void
note_caps(struct layer *l, const struct report *caps)
{
	if (!has_cap(caps, "SHA-256") && !has_cap(caps, "SHA-512") &&
	    !has_cap(caps, "SHA-384") && !has_cap(caps, "SCEPStandard"))
		facts_note(&l->f, "only_sha1", NULL, "SHA-2 is not offered: "
		    "clients fall back to SHA-1 or MD5");
	if (!has_cap(caps, "AES") && !has_cap(caps, "SCEPStandard"))
		facts_note(&l->f, "no_aes", NULL, "AES is not offered: "
		    "clients fall back to triple or single DES");
	if (!has_cap(caps, "POSTPKIOperation") &&
	    !has_cap(caps, "SCEPStandard"))
		facts_note(&l->f, "no_post", NULL, "POST is not offered: "
		    "clients send their message in the URL of a GET");
}

bool
inspect_caps(struct layer *l, const struct buf *bytes, bool *done)
{
	struct span in = { buf_str(bytes), bytes->len };
	auto_report *caps = report_array();
	size_t known = 0, unknown = 0;
	bool crlf = bytes->len > 0 && strstr(buf_str(bytes), "\r\n") != NULL;

	if (bytes->len > 4096)
		return false;
	while (in.len > 0) {
		struct span line = span_line(&in);

		while (line.len > 0 && line.p[line.len - 1] == ' ')
			line.len--;
		if (line.len == 0)
			continue;
		if (!is_word(line))
			return false;
		if (is_known_cap(line))
			known++;
		else
			unknown++;
		report_strn(caps, NULL, line.p, line.len);
	}
	if (known == 0 || unknown > known)
		return false;
	*done = true;
	report_str(l->form, NULL, "text");
	layer_is(l, "getcacaps", "a SCEP server's capabilities (GetCACaps): "
	    "%zu known, %zu unknown", known, unknown);
	if (crlf)
		facts_note(&l->f, "crlf", NULL, "lines end in CR LF: Apple's "
		    "client splits at LF and recognizes none of them");
	if (unknown > 0)
		facts_note(&l->f, "unknown_capability", NULL, "%zu capabilit%s "
		    "that RFC 8894 does not define", unknown,
		    unknown == 1 ? "y" : "ies");
	note_caps(l, caps);
	report_add(l->r, "capabilities", STEAL(caps));
	return true;
}
