/* role/control/resource/show.h: the shapes that several resources answer with. All return new
 * references; members are in the order in which clients that read text expect them: id first.
 */
#pragma once

#include "model/certificate.h"
#include "model/hostname.h"
#include "model/record.h"
#include "role/control/api/call.h"
#include "role/control/api/list.h"

struct account_row;

int show_zone(struct api_call *c, const struct zone_row *row, json_t **out, struct fail *f);
int show_record(struct api_call *c, const struct record_row *row, json_t **out, struct fail *f);
int show_hostname(struct api_call *c, const struct hostname_row *row, json_t **out, struct fail *f);

/* The status of a hostname's certificate: "active", "pending_issuance" ...; "" without ssl. */
int show_ssl_status(struct api_call *c, const struct hostname_row *row, const char **out,
		    struct fail *f);

json_t *show_account(const struct account_row *row);

/* {id, name}. */
int show_account_short(struct api_call *c, const struct id *id, json_t **out, struct fail *f);

/* Our extension: {scheme, host, http_port, https_port}; zeros of ports are shown as 80 and 443. */
json_t *show_origin(enum origin_scheme scheme, struct slice host, uint16_t http_port,
		    uint16_t https_port);

json_t *show_certificate(const struct certificate_row *row);

/* Of a name that is served: the seq of its last change for "deployment", and which certificate it
 * is answered with now. Nothing is added for a name that the zone of the call does not hold. */
int show_served(struct api_call *c, struct slice name, json_t *everseal, struct fail *f);
