#include "base/corruption.h"

#include <string.h>
#include <strings.h>

#include "base/ber.h"
#include "base/encoding.h"

enum {
	FEW_LINES = 3,		/* fewer line ends do not prove anything */
	HEADER_MAX = 16 << 10,	/* of HTTP */
};

/* 1.2.840.113549: the OIDs of all CMS messages begin with this arc. */
static const char oid[] = "\x2A\x86\x48\x86\xF7\x0D";

static size_t
count(const struct buf *in, const char *what, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i + len <= in->len; i++)
		if (memcmp(in->data + i, what, len) == 0) {
			n++;
			i += len - 1;
		}
	return n;
}

static bool
begins(const struct buf *in, size_t at, const char *what, size_t len)
{
	return in->len >= at + len && memcmp(in->data + at, what, len) == 0;
}

static bool
has_high_bytes(const struct buf *in)
{
	size_t i;

	for (i = 0; i < in->len; i++)
		if (in->data[i] >= 0x80)
			return true;
	return false;
}

/*
 * What a program wrote as UTF-8 has no other bytes.  The last character may be
 * cut.
 */
static bool
is_utf8(const struct buf *in)
{
	size_t i, more = 0;

	for (i = 0; i < in->len; i++) {
		unsigned char c = in->data[i];

		if (more > 0) {
			if ((c & 0xC0) != 0x80)
				return false;
			more--;
		} else if (c >= 0x80) {
			if (c < 0xC2 || c > 0xF4)
				return false;
			more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
		}
	}
	return true;
}

/* Where the content begins: after a UTF-8 byte order mark and white space. */
static size_t
start_of(const struct buf *in)
{
	size_t at = begins(in, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;

	while (at < in->len && in->data[at] != '\0' &&
	    strchr(" \t\r\n", in->data[at]) != NULL)
		at++;
	return at;
}

static bool
is_binary_plist(const struct buf *in, size_t at)
{
	return begins(in, at, "bplist0", 7);
}

/* ---- each kind of damage ---- */

static bool
replaced(const struct buf *in, struct buf *out)
{
	size_t n = count(in, "\xEF\xBF\xBD", 3), at = start_of(in);

	if (n == 0 || !is_utf8(in) || !(is_binary_plist(in, at) ||
	    begins(in, at, "0\xEF\xBF\xBD", 4)))
		return false;
	buf_printf(out, "binary that went through text: %zu times U+FFFD "
	    "stands for bytes that are lost: get it again, in binary", n);
	return true;
}

/*
 * The second byte of DER, 80 to 84, was converted from Latin-1 or Windows-1252
 * to UTF-8.
 */
static bool
recoded(const struct buf *in, struct buf *out)
{
	static const struct {
		const char *bytes;
		size_t len;
	} heads[] = {
		{ "0\xC2\x80", 3 }, { "0\xC2\x81", 3 }, { "0\xC2\x82", 3 },
		{ "0\xC2\x83", 3 }, { "0\xC2\x84", 3 },
		{ "0\xE2\x82\xAC", 4 }, { "0\xE2\x80\x9A", 4 },
		{ "0\xC6\x92", 3 }, { "0\xE2\x80\x9E", 4 },
		{ "0\xC3\x82\xC2", 4 },
	};
	size_t i, at = start_of(in);

	if (!is_utf8(in))
		return false;
	for (i = 0; i < ARRAY_LEN(heads); i++)
		if (begins(in, at, heads[i].bytes, heads[i].len))
			break;
	/*
	 * The offsets in the trailer of a binary plist have NULs and high
	 * bytes.
	 */
	if (i == ARRAY_LEN(heads) && is_binary_plist(in, at) &&
	    count(in, "\xC3", 1) + count(in, "\xC2", 1) > 0)
		i = 0;
	if (i == ARRAY_LEN(heads) && !(begins(in, at, "0", 1) &&
	    in->len > at + 1 && in->data[at + 1] >= 0xC2))
		return false;
	buf_printf(out, "binary that went through text: its bytes were taken "
	    "for %s and written as UTF-8: get it again, in binary",
	    i < ARRAY_LEN(heads) ? "Latin-1" : "another 8-bit character set");
	return true;
}

static bool
sixteen_bits(const struct buf *in, struct buf *out)
{
	if (!begins(in, 0, "\xFF\xFE" "0\0", 4) &&
	    !begins(in, 0, "\xFE\xFF\0" "0", 4))
		return false;
	buf_puts(out, "binary that went through text: it was written as "
	    "UTF-16 (by > in PowerShell): get it again, in binary");
	return true;
}

/* 7-bit mail and terminals clear the eighth bit, or drop bytes that have it. */
static bool
seven_bits(const struct buf *in, struct buf *out)
{
	static const char cleared[] = "\x2A\x06\x48\x06\x77\x0D";
	static const char dropped[] = "\x06\x09\x2A\x48\x0D\x01";
	static const char marked[] = "*?H??\r";

	if (in->len == 0 || in->data[0] != 0x30 || has_high_bytes(in))
		return false;
	if (count(in, cleared, sizeof cleared - 1) > 0)
		buf_puts(out, "binary that went through 7-bit text: the "
		    "eighth bit of each byte is cleared");
	else if (count(in, dropped, sizeof dropped - 1) > 0)
		buf_puts(out, "binary that went through 7-bit text: the "
		    "bytes with the eighth bit set were removed");
	else if (count(in, marked, sizeof marked - 1) > 0)
		buf_puts(out, "binary that went through text: '?' stands for "
		    "the bytes with the eighth bit set");
	else
		return false;
	buf_puts(out, ": get it again, in binary");
	return true;
}

static bool
line_ends(const struct buf *in, struct buf *out)
{
	size_t lines = count(in, "\n", 1), pairs = count(in, "\r\n", 2);

	if ((!ber_looks_binary(in, 0) && !is_binary_plist(in, 0)) ||
	    lines < FEW_LINES || pairs != lines)
		return false;
	buf_printf(out, "binary that went through text: LF became CR LF, %zu "
	    "times (FTP, mail, autocrlf of git): get it again, in binary",
	    pairs);
	return true;
}

static bool
something_before(const struct buf *in, struct buf *out)
{
	size_t at = start_of(in);

	if (at == 0 || !(is_binary_plist(in, at) || (ber_looks_binary(in, at) &&
	    count(in, oid, sizeof oid - 1) > 0)))
		return false;
	if (begins(in, 0, "\xEF\xBB\xBF", 3))
		buf_puts(out, "a byte order mark stands before the binary, "
		    "which went through text");
	else if (in->data[at - 1] == '\n' && count(in, "\r\n", 2) > 0)
		buf_puts(out, "a CR LF stands before the binary");
	else
		buf_puts(out, "white space stands before the binary");
	return true;
}

static bool
escaped(const struct buf *in, struct buf *out)
{
	static const char *const html[] = {
		"&lt;?xml", "&lt;plist", "&lt;!DOCTYPE", "&#60;?xml",
		"&#x3c;?xml", "&#x3C;?xml", "&amp;lt;",
	};
	static const char *const others[][2] = {
		{ "\"<?xml", "a string of JSON" },
		{ "\"\\u003c?xml", "a string of JSON" },
		{ "\\u003c?xml", "a string of JSON" },
		{ "%3C%3Fxml", "a part of an address (percent-encoded)" },
		{ "%3C?xml", "a part of an address (percent-encoded)" },
		{ "data:application/", "an address (data:)" },
		{ "\"MII", "a string of JSON" },
		{ "b'0\\x8", "a literal of Python" },
		{ "0=8", "quoted-printable (mail)" },
	};
	const char *s = buf_str(in) + start_of(in);
	size_t i;

	for (i = 0; i < ARRAY_LEN(html); i++)
		if (strncmp(s, html[i], strlen(html[i])) == 0) {
			buf_puts(out, "escaped as HTML: &lt; stands for <: "
			    "undo it, or get the file itself");
			return true;
		}
	for (i = 0; i < ARRAY_LEN(others); i++)
		if (strncmp(s, others[i][0], strlen(others[i][0])) == 0) {
			buf_printf(out, "written as %s: undo it, or get the "
			    "file itself", others[i][1]);
			return true;
		}
	return false;
}

static bool
is_content(const struct buf *in)
{
	size_t at = start_of(in);

	return ber_looks_binary(in, 0) || is_binary_plist(in, 0) ||
	    begins(in, at, "<?xml", 5) || begins(in, at, "<plist", 6) ||
	    begins(in, at, "<!DOCTYPE plist", 15);
}

static bool
twice(const struct buf *in, struct buf *out)
{
	auto_buf once = BUF_INIT, again = BUF_INIT;

	once.secret = again.secret = true;
	if (memchr(buf_str(in), '\0', in->len) != NULL ||
	    decode_base64(buf_str(in), in->len, &once) != NULL ||
	    decode_base64(buf_str(&once), once.len, &again) != NULL ||
	    !is_content(&again))
		return false;
	buf_puts(out, "base64 twice: decode it once (base64 -d)");
	return true;
}

/* A token, a colon, and an empty line somewhere after them. */
static bool
http_header(const struct buf *in, struct buf *out)
{
	const char *s = buf_str(in);
	size_t n = strcspn(s, ": \t\r\n");
	const char *end = strstr(s, "\n\r\n");

	if (end == NULL)
		end = strstr(s, "\n\n");
	if (end == NULL || end - s > HEADER_MAX || n == 0 ||
	    (strncmp(s, "HTTP/", 5) != 0 && s[n] != ':'))
		return false;
	if (strncmp(s, "HTTP/", 5) != 0 &&
	    strncasecmp(s, "Content-", 8) != 0 &&
	    strncasecmp(s, "Date:", 5) != 0 &&
	    strncasecmp(s, "Server:", 7) != 0 &&
	    strstr(s, "\nContent-") == NULL &&
	    strstr(s, "\ncontent-") == NULL)
		return false;
	buf_puts(out, "an HTTP header stands before it: save the body alone "
	    "(curl without -i)");
	return true;
}

bool
corruption_name(const struct buf *in, struct buf *out)
{
	static bool (*const kinds[])(const struct buf *, struct buf *) = {
		http_header, escaped, replaced, recoded, sixteen_bits,
		seven_bits, line_ends, something_before, twice,
	};
	size_t i;

	for (i = 0; in->len > 0 && i < ARRAY_LEN(kinds); i++)
		if (kinds[i](in, out))
			return true;
	return false;
}

void
corruption_add(const struct buf *in, struct buf *out)
{
	size_t before = out->len;

	buf_puts(out, ": ");
	if (!corruption_name(in, out))
		buf_cut(out, before);
}
