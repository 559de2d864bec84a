#include "role/roles.h"

extern const struct role control_role;
extern const struct role applier_role;
extern const struct role ca_role;
extern const struct role edge_role;

const struct role *const roles[] = { &ca_role, &control_role, &applier_role, &edge_role };
const size_t role_count = sizeof(roles) / sizeof(roles[0]);

const struct role *role_find(const char *name)
{
	for (size_t i = 0; i < role_count; i++)
		if (strcmp(roles[i]->name, name) == 0)
			return roles[i];
	return NULL;
}

size_t role_index(const struct role *role)
{
	size_t i = 0;

	while (roles[i] != role)
		i++;
	return i;
}
