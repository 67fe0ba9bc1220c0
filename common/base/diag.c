#define MCFG_DIAG_ITSELF
#include "base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/mem.h"

enum {
	LINE_RAW = 4096,	/* bytes of a line before it is escaped */
	LINE_MAX_SHOWN = 1200,	/* bytes of a line that are shown */
};

static const char *tool = "mcfg";
static bool verbose;

static diag_taker *taker;
static void *taker_arg;

static diag_line *divert;
static void *divert_arg;

void
diag_init(const char *name)
{
	tool = name;
}

void
diag_verbose(bool on)
{
	verbose = on;
}

void
diag_take(diag_taker *fn, void *arg)
{
	taker = fn;
	taker_arg = arg;
}

/*
 * Decodes one UTF-8 sequence (RFC 3629: no surrogates, no overlong forms).
 * Returns its length, or 0 if s does not begin with one.
 */
static size_t
utf8_decode(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	if (s[0] < 0x80)
		n = 1;
	else if (s[0] >= 0xC2 && s[0] < 0xE0)
		n = 2;
	else if (s[0] >= 0xE0 && s[0] < 0xF0)
		n = 3;
	else if (s[0] >= 0xF0 && s[0] < 0xF5)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*cp = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3Fu);
	}
	if (*cp < least[n] || *cp > 0x10FFFF ||
	    (*cp >= 0xD800 && *cp <= 0xDFFF))
		return 0;
	return n;
}

/*
 * True for characters that would move, hide or reorder the text around them:
 * control characters, line ends, and Unicode's Default_Ignorable_Code_Point.
 */
static bool
is_invisible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} some[] = {
		{ 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x34F, 0x34F },
		{ 0x61C, 0x61C }, { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 },
		{ 0x180B, 0x180F }, { 0x200B, 0x200F }, { 0x2028, 0x202E },
		{ 0x2060, 0x206F }, { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F },
		{ 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB },
		{ 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A },
		{ 0xE0000, 0xE0FFF },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(some); i++)
		if (cp >= some[i].first && cp <= some[i].last)
			return true;
	return false;
}

size_t
diag_invisible(const char *text, size_t len, uint32_t *cp)
{
	size_t n = utf8_decode((const unsigned char *)text, len, cp);

	return n > 0 && is_invisible(*cp) ? n : 0;
}

/* Escapes the first character of s; returns the number of its bytes. */
static size_t
escape_one(const unsigned char *s, size_t len, char *one, size_t size)
{
	uint32_t cp = 0;
	size_t n = utf8_decode(s, len, &cp);

	if (n == 0) {
		snprintf(one, size, "\\x%02x", s[0]);
		return 1;
	}
	if (cp == '\n')
		snprintf(one, size, "\\n");
	else if (cp == '\r')
		snprintf(one, size, "\\r");
	else if (cp == '\t')
		snprintf(one, size, "\\t");
	else if (cp < 0x20 || cp == 0x7F)
		snprintf(one, size, "\\x%02x", (unsigned)cp);
	else if (is_invisible(cp))
		snprintf(one, size, "\\u%04x", (unsigned)cp);
	else {
		memcpy(one, s, n);
		one[n] = '\0';
	}
	return n;
}

char *
diag_escape(const char *text, size_t len, char *out, size_t size)
{
	static const char cut[] = "...";
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0, o = 0;
	char one[16];

	if (size == 0)
		return out;
	while (i < len) {
		size_t taken = escape_one(s + i, len - i, one, sizeof one);
		size_t n = strlen(one);
		bool last = i + taken >= len;

		if (o + n + (last ? 0 : sizeof cut - 1) >= size) {
			if (o + sizeof cut <= size) {
				memcpy(out + o, cut, sizeof cut - 1);
				o += sizeof cut - 1;
			}
			break;
		}
		memcpy(out + o, one, n);
		o += n;
		i += taken;
	}
	out[o] = '\0';
	return out;
}

/*
 * One write(2) for each line, so that lines of parallel processes stay whole.
 */
void
diag_put(const char *line)
{
	char whole[DIAG_LINE];
	ssize_t n;
	int len;

	len = snprintf(whole, sizeof whole, "%s\n", line);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof whole) {
		len = (int)sizeof whole - 1;
		whole[len - 1] = '\n';
	}
	do
		n = write(STDERR_FILENO, whole, (size_t)len);
	while (n == -1 && errno == EINTR);
}

void
diag_divert(diag_line *fn, void *arg)
{
	divert = fn;
	divert_arg = arg;
}

static void
put_or_divert(const char *line)
{
	if (divert != NULL)
		divert(line, divert_arg);
	else
		diag_put(line);
}

static void
put_line(const char *kind, const char *text)
{
	char shown[LINE_MAX_SHOWN], line[LINE_MAX_SHOWN + 128];

	diag_escape(text, strlen(text), shown, sizeof shown);
	snprintf(line, sizeof line, "%s: %s%s", tool, kind, shown);
	put_or_divert(line);
}

void
diag_relay(const char *text, size_t len)
{
	char shown[LINE_MAX_SHOWN];
	size_t i, n;

	for (i = 0; i < len; i += n + 1) {
		const char *end = memchr(text + i, '\n', len - i);

		n = end != NULL ? (size_t)(end - (text + i)) : len - i;
		if (n > 0)
			put_or_divert(diag_escape(text + i, n, shown,
			    sizeof shown));
	}
}

static void
put_failure(enum status st, int error, const char *text)
{
	if (taker != NULL)
		taker(st, error, text, taker_arg);
	else
		put_line("", text);
}

static void
drop(enum status st, int error, const char *text, void *arg)
{
	(void)st;
	(void)error;
	(void)text;
	(void)arg;
}

void
diag_last(const char *text)
{
	diag_divert(NULL, NULL);
	put_line("", text);
	diag_take(drop, NULL);
}

enum status
fail(enum status st, const char *fmt, ...)
{
	char raw[LINE_RAW];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	put_failure(st, 0, raw);
	return st;
}

/* Adds ": reason" to the formatted text. */
static void PRINTF_LIKE(4, 0)
fail_because(enum status st, int error, const char *reason, const char *fmt,
    va_list ap)
{
	char raw[LINE_RAW];
	int n;

	n = vsnprintf(raw, sizeof raw, fmt, ap);
	if (reason != NULL && n >= 0 && (size_t)n < sizeof raw)
		snprintf(raw + n, sizeof raw - (size_t)n, ": %s", reason);
	put_failure(st, error, raw);
}

enum status
fail_errno(enum status st, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	fail_because(st, error, strerror(error), fmt, ap);
	va_end(ap);
	return st;
}

/*
 * Running out of memory is never a verdict on a message or a key: whatever
 * OpenSSL failed to do, the process ends as in xmalloc().
 */
static void
end_if_exhausted(unsigned long code)
{
	if (!ERR_SYSTEM_ERROR(code) &&
	    ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
		mem_exhausted();
}

/*
 * Takes the first reason off the queue; NULL if it is empty.  The text is
 * valid until the next call: it is a copy, since strerror() may reuse its
 * buffer.
 */
static const char *
ssl_first(void)
{
	static char first[256];
	const char *file, *func, *data, *reason = NULL;
	unsigned long code;
	int line, flags;

	while ((code = ERR_get_error_all(&file, &line, &func, &data,
	    &flags)) != 0) {
		const char *text = ERR_reason_error_string(code);

		end_if_exhausted(code);
		if (ERR_SYSTEM_ERROR(code))
			text = strerror(ERR_GET_REASON(code));
		if (text == NULL)
			text = "unknown reason";
		if (reason == NULL) {
			snprintf(first, sizeof first, "%s", text);
			reason = first;
		}
		detail("OpenSSL: %s in %s%s%s", text, func,
		    flags & ERR_TXT_STRING && *data != '\0' ? ": " : "",
		    flags & ERR_TXT_STRING ? data : "");
	}
	return reason;
}

const char *
diag_ssl_reason(void)
{
	const char *reason = ssl_first();

	return reason != NULL ? reason : "no reason given";
}

void
diag_ssl_clear(void)
{
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		end_if_exhausted(code);
}

enum status
fail_ssl(enum status st, const char *fmt, ...)
{
	const char *reason = ssl_first();
	va_list ap;

	va_start(ap, fmt);
	fail_because(st, 0, reason, fmt, ap);
	va_end(ap);
	return st;
}

static void PRINTF_LIKE(2, 0)
say(const char *kind, const char *fmt, va_list ap)
{
	char raw[LINE_RAW];

	vsnprintf(raw, sizeof raw, fmt, ap);
	put_line(kind, raw);
}

void
warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void
detail(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void
note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

bool
diag_is_visible(const char *text, size_t len)
{
	size_t i;
	uint32_t cp;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7F ||
		    diag_invisible(text + i, len - i, &cp) > 0)
			return false;
	return true;
}
