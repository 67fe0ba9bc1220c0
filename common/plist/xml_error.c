/* Describes errors in XML in plain words. */
#include "plist/local.h"

#include <expat.h>
#include <string.h>

/*
 * True for the quotes that word processors, chats and web pages make of ' and
 * ".
 */
static bool
is_curly(const struct buf *in, size_t at)
{
	static const char *const quotes[] = {
		"\u2018", "\u2019", "\u201A", "\u201B", "\u201C", "\u201D",
		"\u201E", "\u201F", "\u2032", "\u2033", "\u00AB", "\u00BB",
		"\uFF02",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(quotes); i++)
		if (in->len - at >= strlen(quotes[i]) &&
		    memcmp(in->data + at, quotes[i], strlen(quotes[i])) == 0)
			return true;
	return false;
}

/* True if the tag or declaration at the parser's place has such a quote. */
static bool
has_curly_quote(const struct buf *in, size_t at)
{
	size_t i = at < in->len ? at : in->len;

	while (i > 0 && in->data[i - 1] != '<' && in->data[i - 1] != '>')
		i--;
	if (i == 0 || in->data[i - 1] != '<' ||
	    (in->len - i > 3 && memcmp(in->data + i, "!--", 3) == 0))
		return false;
	for (; i < in->len && in->data[i] != '>'; i++)
		if (is_curly(in, i))
			return true;
	return false;
}

/* False for text that begins with something else than a tag, and for DER. */
static bool
begins_as_xml(const struct buf *in)
{
	size_t at = buf_has_prefix(in, "\xEF\xBB\xBF") ? 3 : 0;

	while (at < in->len && in->data[at] != '\0' &&
	    strchr(" \t\r\n", in->data[at]) != NULL)
		at++;
	/* UTF-16 begins with a mark, or with a NUL. */
	return at == in->len || in->data[at] == '<' || in->data[at] == '\0' ||
	    in->data[at] >= 0xFE;
}

/* Describes the text at which the parser stopped. */
static const char *
bad_token(const struct buf *in, size_t at)
{
	unsigned char c;

	if (at >= in->len)
		return "not well-formed";
	c = in->data[at];
	if (!begins_as_xml(in))
		return "not well-formed: neither XML nor a signed profile";
	if (c >= 0x80)
		return "not well-formed: a byte that is not UTF-8 (is it "
		    "Latin-1?)";
	if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
		return "not well-formed: a control character";
	return "not well-formed: something that XML does not have here (a "
	    "bare & or <?)";
}

const char *
plist_xml_error(int error, const struct buf *in, size_t at)
{
	static const char *const words[] = {
		[XML_ERROR_SYNTAX] = "not XML: a tag is broken, or does not "
		    "belong here",
		[XML_ERROR_NO_ELEMENTS] = "it ends before the plist does",
		[XML_ERROR_UNCLOSED_TOKEN] = "it ends inside a tag, "
		    "comment or entity",
		[XML_ERROR_PARTIAL_CHAR] = "it ends inside a character",
		[XML_ERROR_TAG_MISMATCH] = "an end tag that does not "
		    "match the open element",
		[XML_ERROR_DUPLICATE_ATTRIBUTE] = "an attribute appears "
		    "twice",
		[XML_ERROR_JUNK_AFTER_DOC_ELEMENT] = "something follows the "
		    "end of the plist",
		[XML_ERROR_UNDEFINED_ENTITY] = "an entity that is not "
		    "declared",
		[XML_ERROR_BAD_CHAR_REF] = "a reference to a character that "
		    "XML does not have",
		[XML_ERROR_MISPLACED_XML_PI] = "white space, or something "
		    "else, stands before <?xml",
		[XML_ERROR_UNKNOWN_ENCODING] = "unknown encoding",
		[XML_ERROR_INCORRECT_ENCODING] = "encoded in another way than "
		    "its declaration says (UTF-16 that says UTF-8?)",
		[XML_ERROR_UNCLOSED_CDATA_SECTION] = "a CDATA section that "
		    "does not end",
		[XML_ERROR_XML_DECL] = "a broken <?xml declaration",
		[XML_ERROR_PUBLICID] = "a broken DOCTYPE",
	};

	if (has_curly_quote(in, at))
		return "curly quotes in a tag: XML takes \" and ' only (was "
		    "it copied from a web page, a chat or a document?)";
	if (error == XML_ERROR_INVALID_TOKEN)
		return bad_token(in, at);
	if (error == XML_ERROR_SYNTAX && at == 0)
		return "neither XML nor a signed profile";
	if (error > 0 && (size_t)error < ARRAY_LEN(words) &&
	    words[error] != NULL)
		return words[error];
	return "XML that cannot be read";
}
