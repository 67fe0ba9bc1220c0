/*
 * Reads the log of the service and of scep-ca: one line for each request,
 * after any prefix of a web server or a journal.
 *
 *	level=... client=... method=... path=... status=... reason="..."
 *	mcfg.cgi: CLIENT: METHOD PATH: CODE: REASON  (before 0.2.0)
 *	scep-ca: request client=... outcome=refused fail=... reason="..."
 *
 * Before reasons are counted, the parts that differ between devices are
 * removed.  All of the text is untrusted.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "overview.h"
#include "sys/io.h"

enum {
	LINE = 2048,		/* bytes of a line that are read */
	REASON = 160,		/* bytes of a reason */
	NAME_MIN = 10,		/* characters that make a word with digits a
				 * name */
	WORD_MAX = 20,		/* characters that make a word without digits
				 * one */
};

static const char cgi_mark[] = "mcfg.cgi: ";
static const char service_mark[] = "level=";
static const char scep_mark[] = "scep-ca: request ";

/* ---- dates at the beginning of a line ---- */

static int
digits(const char *p, int n)
{
	int v = 0;

	for (; n > 0; n--, p++) {
		if (!isdigit((unsigned char)*p))
			return -1;
		v = v * 10 + (*p - '0');
	}
	return v;
}

static int
month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++)
		if (strncmp(p, names + (size_t)i * 3, 3) == 0)
			return i + 1;
	return -1;
}

/*
 * "time=2026-11-25T..." of --add-time, "2026-11-25T..." of a journal,
 * "2026/11/25 ..." of nginx.
 */
static bool
read_iso(const char *p, size_t len, struct clock_date *d)
{
	static const char ours[] = "time=";

	if (len >= sizeof ours && strncmp(p, ours, sizeof ours - 1) == 0) {
		p += sizeof ours - 1;
		len -= sizeof ours - 1;
	}
	if (len < 10 || (p[4] != '-' && p[4] != '/') || p[7] != p[4])
		return false;
	d->year = digits(p, 4);
	d->month = digits(p + 5, 2);
	d->day = digits(p + 8, 2);
	return true;
}

/* "[Wed Nov 25 18:39:48.123456 2026] ..." of Apache. */
static bool
read_apache(const char *p, size_t len, struct clock_date *d)
{
	const char *end = memchr(p, ']', len);

	if (p[0] != '[' || end == NULL || end - p < 25)
		return false;
	d->year = digits(end - 4, 4);
	d->month = month_of(p + 5);
	d->day = digits(p + 9, 2);
	return true;
}

/* The day of the date in the first len bytes, or 0. */
static int64_t
day_of(const char *p, size_t len)
{
	struct clock_date d = { 0, 0, 0, 0, 0, 0 };
	int64_t t = 0;

	if ((!read_iso(p, len, &d) && !read_apache(p, len, &d)) ||
	    !clock_join(&d, &t) || t < 0)
		return 0;
	return t / CLOCK_DAY;
}

/* ---- reasons ---- */

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* IDs, serial numbers, UDIDs: long words. */
static bool
is_name(const char *p, size_t len)
{
	bool has_digit = false;
	size_t i;

	if (strncmp(p, "mcfg-", 5) == 0 || strncmp(p, "scep-", 5) == 0)
		return false;
	for (i = 0; i < len; i++)
		has_digit |= isdigit((unsigned char)p[i]) != 0;
	return len >= (has_digit ? NAME_MIN : WORD_MAX);
}

/* True if the text so far ends in a word that a name follows. */
static bool
is_announced(const struct buf *b)
{
	static const char *const words[] = { "device ", "enrollment ",
	    "certificate ", "transaction " };
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		n = strlen(words[i]);
		if (b->len >= n && memcmp(b->data + b->len - n, words[i],
		    n) == 0)
			return true;
	}
	return false;
}

/*
 * The end of untrusted text: 'quoted', or a name in brackets, (CN=...); NULL
 * if p is not the beginning of one.
 */
static const char *
text_end(const char *p)
{
	const char *end = NULL;

	if (*p == '\'')
		end = strchr(p + 1, '\'');
	else if (*p == '(' && p[1 + strcspn(p + 1, "= ")] == '=')
		end = strchr(p + 1, ')');
	return end;
}

/*
 * Appends the part of a reason that is the same for all devices; dots replace
 * the rest.
 */
static void
generalise(const char *p, struct buf *out)
{
	static const char dots[] = "...";
	const char *end;
	size_t n;

	while (*p != '\0' && out->len < REASON) {
		if ((end = text_end(p)) != NULL) {
			buf_printf(out, "%c%s%c", *p, dots, *end);
			p = end + 1;
			continue;
		}
		for (n = 0; is_word(p[n]); n++)
			;
		if (n == 0) {
			buf_putc(out, *p++);
			continue;
		}
		if (is_name(p, n) || (is_announced(out) && n > 4 &&
		    strcspn(p, "0123456789") < n))
			buf_puts(out, dots);
		else
			buf_add(out, p, n);
		p += n;
	}
}

/* The failure in "warning; failure", without "stdin: ". */
static const char *
last_part(const char *reason)
{
	const char *p = reason, *next;

	while ((next = strstr(p, "; mcfg-")) != NULL)
		p = next + 2;
	return p;
}

static struct refusal *
find_kind(struct overview *o, const char *program, const char *answer,
    const char *reason, bool is_fault)
{
	struct refusals *l = &o->log;
	struct refusal *r;
	size_t i;

	for (i = 0; i < l->n; i++) {
		r = &l->v[i];
		if (r->program == program && strcmp(r->answer, answer) == 0 &&
		    strcmp(r->reason, reason) == 0)
			return r;
	}
	if (l->n == REASONS_MAX)
		return NULL;
	r = &l->v[l->n++];
	*r = (struct refusal){
		.program = program,
		.answer = keep(o, answer),
		.reason = keep(o, reason),
		.is_fault = is_fault,
	};
	return r;
}

static void
count_refusal(struct overview *o, const char *program, const char *answer,
    const char *reason, bool is_fault, int64_t day)
{
	int64_t ago = o->now / CLOCK_DAY - day;
	auto_buf kind = BUF_INIT;
	struct refusal *r;

	generalise(reason, &kind);
	*(is_fault ? &o->log.faults : &o->log.refused) += 1;
	if (day == 0)
		o->log.undated++;
	else if (ago >= 0 && ago < SPAN_DAYS_MAX)
		o->log.days[ago]++;
	r = find_kind(o, program, answer, buf_str(&kind), is_fault);
	if (r == NULL) {
		o->log.other++;
		return;
	}
	r->count++;
	if (day * CLOCK_DAY > r->last)
		r->last = day * CLOCK_DAY;
}

/* ---- mcfg.cgi ---- */

/* Removes what nginx and Apache append to a line. */
static void
cut_tail(char *text)
{
	static const char script[] = "/mcfg.cgi";
	char *p = strstr(text, "\" while ");
	size_t n;

	if (p != NULL)
		*p = '\0';
	n = strlen(text);
	if (n < sizeof script - 1 ||
	    strcmp(text + n - (sizeof script - 1), script) != 0)
		return;
	while (n > 0 && strncmp(text + n, ": /", 3) != 0)
		n--;
	if (n > 0)
		text[n] = '\0';
}

/*
 * The text after the next ": ", which neither a client nor a path can contain.
 */
static char *
behind_colon(char *p)
{
	char *colon = p != NULL ? strstr(p, ": ") : NULL;

	return colon != NULL ? colon + 2 : NULL;
}

/* Counts a request that was not answered with 2xx. */
static void
count_page(struct overview *o, const char *program, const char *answer,
    const char *reason, int64_t day)
{
	const char *tool = last_part(reason), *what;
	auto_buf text = BUF_INIT;

	if ((what = strstr(tool, ": stdin: ")) != NULL)
		buf_printf(&text, "%.*s: %s", (int)(what - tool), tool,
		    what + 9);
	else
		buf_puts(&text, tool);
	count_refusal(o, program, answer, buf_str(&text), *answer == '5',
	    day);
}

static bool
read_cgi(struct overview *o, char *line, int64_t day)
{
	char *code = behind_colon(behind_colon(line)), answer[4];

	if (code == NULL || digits(code, 3) < 100 ||
	    strncmp(code + 3, ": ", 2) != 0)
		return false;
	o->log.requests++;
	o->log.older++;
	if (*code == '2')
		return true;
	snprintf(answer, sizeof answer, "%.3s", code);
	cut_tail(code);
	count_page(o, "mcfg.cgi", answer, code + 5, day);
	return true;
}

/* ---- scep-ca ---- */

/* The value of a key, unquoted; false if the key is missing. */
static bool
value_of(const char *line, const char *key, struct buf *out)
{
	size_t n = strlen(key);
	const char *p = line;
	bool quoted, wanted;

	while (*p != '\0') {
		wanted = strncmp(p, key, n) == 0 && p[n] == '=';
		p += strcspn(p, "= ");
		if (*p == ' ') {
			p++;
			continue;
		}
		if (*p == '\0')
			break;
		quoted = *++p == '"';
		for (p += quoted; *p != '\0' && *p != (quoted ? '"' : ' ');
		    p++) {
			if (quoted && *p == '\\' && p[1] != '\0')
				p++;
			if (wanted)
				buf_putc(out, *p);
		}
		if (wanted)
			return true;
		p += quoted && *p == '"';
		p += *p == ' ';
	}
	return false;
}

static bool
read_scep(struct overview *o, const char *line, int64_t day)
{
	auto_buf outcome = BUF_INIT, code = BUF_INIT, info = BUF_INIT;
	auto_buf reason = BUF_INIT;
	bool refused, fault;

	if (!value_of(line, "outcome", &outcome) ||
	    !value_of(line, "status", &code))
		return false;
	o->log.requests++;
	refused = strcmp(buf_str(&outcome), "refused") == 0;
	fault = buf_str(&code)[0] == '5';
	if (!refused && !fault && buf_str(&code)[0] != '4')
		return true;
	if (!refused || !value_of(line, "fail", &info))
		buf_add_buf(&info, &code);
	if (!value_of(line, "reason", &reason))
		buf_puts(&reason, "no reason given");
	count_refusal(o, "scep-ca", buf_str(&info), buf_str(&reason), fault,
	    day);
	return true;
}

/* ---- mcfg.cgi and mcfg-service, which have the same lines ---- */

static bool
read_service(struct overview *o, const char *line, int64_t day)
{
	auto_buf status = BUF_INIT, reason = BUF_INIT;

	if (!value_of(line, "status", &status) || status.len != 3)
		return false;
	o->log.requests++;
	if (buf_str(&status)[0] == '2')
		return true;
	if (!value_of(line, "reason", &reason))
		buf_puts(&reason, "no reason given");
	count_page(o, "service", buf_str(&status), buf_str(&reason),
	    day);
	return true;
}

/* ---- lines ---- */

/*
 * Lines of the service have no program name: the first two keys identify them.
 */
static char *
find_service(char *line)
{
	char *p = line, *next;

	for (; (p = strstr(p, service_mark)) != NULL; p++)
		if ((p == line || strchr(" \"", p[-1]) != NULL) &&
		    (next = strchr(p, ' ')) != NULL &&
		    (strncmp(next, " client=", 8) == 0 ||
		    strncmp(next, " method=", 8) == 0))
			return p;
	return NULL;
}

/*
 * The first mark in a line is from the program; the text after it is
 * untrusted.
 */
static void
read_line(struct overview *o, char *line)
{
	char *cgi = strstr(line, cgi_mark), *scep = strstr(line, scep_mark);
	char *service = find_service(line);
	char *first = cgi;

	if (first == NULL || (scep != NULL && scep < first))
		first = scep;
	if (first == NULL || (service != NULL && service < first))
		first = service;
	if (first == NULL)
		return;
	if (first == cgi)
		read_cgi(o, cgi + sizeof cgi_mark - 1,
		    day_of(line, (size_t)(first - line)));
	else if (first == scep)
		read_scep(o, scep + sizeof scep_mark - 1,
		    day_of(line, (size_t)(first - line)));
	else
		read_service(o, service,
		    day_of(line, (size_t)(first - line)));
}

void
count_log(struct overview *o, const char *text, size_t len)
{
	const char *p = text, *end = text + len, *nl;
	char line[LINE];
	size_t n;

	o->has_log = true;
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = (size_t)(nl - p) < LINE - 1 ? (size_t)(nl - p) : LINE - 1;
		memcpy(line, p, n);
		line[n] = '\0';
		read_line(o, line);
	}
}

enum status
gather_log(const char *path, struct overview *o)
{
	auto_buf text = BUF_INIT;
	const char *nl;
	bool cut = false;
	size_t skip = 0;
	enum status st;

	if ((st = io_tail(path, LOG_MAX, &text, &cut)) != OK)
		return st;
	o->log.cut |= cut;
	/* If the log was cut, the first line is incomplete. */
	if (cut && (nl = memchr(text.data, '\n', text.len)) != NULL)
		skip = (size_t)(nl + 1 - buf_str(&text));
	count_log(o, buf_str(&text) + skip, text.len - skip);
	return OK;
}

static int
by_count(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->reason, y->reason);
}

void
sort_log(struct overview *o)
{
	qsort(o->log.v, o->log.n, sizeof *o->log.v, by_count);
}
