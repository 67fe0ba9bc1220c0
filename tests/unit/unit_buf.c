/*
 * Reads lines "base64 TEXT", "hex TEXT", "escape HEX" or "percent HEX" and
 * prints the results of buf, diag and words.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/encoding.h"

static void
answer(const char *verb, const char *arg)
{
	auto_buf b = BUF_INIT, hex = BUF_INIT;
	const char *reason;
	char shown[64];

	if (strcmp(verb, "base64") == 0)
		reason = decode_base64(arg, strlen(arg), &b);
	else
		reason = decode_hex(arg, &b);
	if (reason != NULL) {
		puts("no");
		return;
	}
	if (strcmp(verb, "escape") == 0) {
		puts(diag_escape(buf_str(&b), b.len, shown, sizeof shown));
		return;
	}
	if (strcmp(verb, "percent") == 0) {
		auto_buf out = BUF_INIT;

		fputs(decode_percent(buf_str(&b), b.len, &out) ? "whole " :
		    "broken ", stdout);
		encode_hex(&hex, out.data, out.len);
	} else
		encode_hex(&hex, b.data, b.len);
	puts(buf_str(&hex));
}

int
main(void)
{
	char line[4096], *arg;

	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((arg = strchr(line, ' ')) == NULL)
			return 1;
		*arg++ = '\0';
		answer(line, arg);
	}
	return 0;
}
