/*
 * spec_parser: the parser of libyaml as every YAML file is read with it, and
 * what it complains of in words that name the place.
 */
#ifndef MCFG_TEXT_PARSER_H
#define MCFG_TEXT_PARSER_H

#include <yaml.h>

#include "base/buf.h"

/*
 * spec_parser_open() sets a parser on in, which is UTF-8, with or without its
 * mark, and must outlive it; the caller ends it with yaml_parser_delete().
 */
void spec_parser_open(yaml_parser_t *p, const struct buf *in);

struct spec_step;

/*
 * MALFORMED, with the reason why the parser could not go on in in, and how to
 * mend it; step is what it was about to read.
 */
enum status spec_parser_fail(const yaml_parser_t *p, const struct buf *in,
    const char *name, const struct spec_step *step) USE_RESULT;

/*
 * MALFORMED for a tag directive: the library compares each with all before
 * it, which is quadratic.
 */
enum status spec_parser_refuse_directives(const struct buf *in,
    const char *name) USE_RESULT;

#endif
