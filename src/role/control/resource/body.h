/* role/control/resource/body.h: rows of fields that several resources take. */
#pragma once

#include "model/origin.h"
#include "role/control/api/field.h"
#include "role/control/api/json.h"

/* {"id": "..."} and nothing else, e.g. the account of a zone. */
extern const struct api_field body_id_fields[];

/* Our extension "everseal": {"origin": {scheme, host, http_port, https_port, sni}}. */
extern const struct api_field body_everseal_fields[];

/* Takes the origin out of a checked body's "everseal" on top of what *out holds. False when the
 * body has none. Slices are borrowed from the body. */
bool body_origin(const json_t *body, struct origin_want *out);

/* Filters combined by match=all (the default) or match=any. */
struct body_match {
	bool any;
	int asked, passed;
};
extern const char *const body_match_modes[];
void body_match_begin(struct body_match *m, const json_t *query);
void body_match_add(struct body_match *m, bool asked, bool passed);
bool body_match_end(const struct body_match *m);
