#include "role/control/api/call.h"

#include "base/buf.h"
#include "base/text.h"

int api_call_text(struct api_call *c, const char *param, struct slice *out, struct fail *f)
{
	struct buf text = BUF_INIT;
	size_t at = 0;

	must(api_route_param(c->match.route, param, &at));
	bool ok = text_unpercent(c->match.params[at], false, &text) &&
		  slice_find(buf_slice(&text), '\0') == text.n;
	if (ok)
		*out = arena_copy(c->arena, buf_slice(&text));
	buf_free(&text);
	return ok ? 0 : fail_code(f, FAIL_ABSENT, 7003, "No route for that URI");
}

const struct id *api_call_id(const struct api_call *c, const char *param)
{
	size_t at = 0;

	must(api_route_param(c->match.route, param, &at));
	return &c->ids[at];
}

void api_call_deployment(struct api_call *c, json_t *object, uint64_t seq)
{
	struct api_deployment *d = arena_new(c->arena, struct api_deployment);

	*d = (struct api_deployment){ object, seq, c->deployments };
	c->deployments = d;
}
