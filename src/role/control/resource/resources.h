/* role/control/resource/resources.h: the tables of routes, one per file of this folder, as
 * list.c puts them together. */
#pragma once

#include "role/control/api/call.h"

extern const struct api_route account_routes[];
extern const struct api_route audit_routes[];
extern const struct api_route certificate_routes[];
extern const struct api_route event_routes[];
extern const struct api_route document_routes[];
extern const struct api_route fallback_routes[];
extern const struct api_route hostname_routes[];
extern const struct api_route kek_routes[];
extern const struct api_route machine_routes[];
extern const struct api_route name_routes[];
extern const struct api_route record_routes[];
extern const struct api_route status_routes[];
extern const struct api_route token_routes[];
extern const struct api_route user_routes[];
extern const struct api_route zone_routes[];
extern const struct api_route zone_setting_routes[];

/* Rows of machine.c for the status: on the loop; only NULL: all. */
void machine_show(struct api_call *c, const struct id *only, json_t *rows);
