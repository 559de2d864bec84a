/* Every resource of the API. A new one is a file in this folder and a line here. */
#include "role/control/resource/resources.h"

const struct api_route *const api_resources[] = {
	user_routes,
	token_routes,
	account_routes,
	zone_routes,
	zone_setting_routes,
	record_routes,
	fallback_routes,
	hostname_routes,
	name_routes,
	certificate_routes,
	machine_routes,
	status_routes,
	kek_routes,
	audit_routes,
	document_routes,
	event_routes,
	NULL,
};
