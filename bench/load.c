/* bench/load.c: the client of the benchmarks. One thread, blocking sockets, as cheap as OpenSSL
 * lets it be: what is measured is the server's CPU, by whoever starts this program.
 *
 *	load full      HOST ADDRESS:PORT COUNT	a new connection, full TLS 1.3 handshake, one GET
 *	load resumed   HOST ADDRESS:PORT COUNT	the same with the ticket of the connection before
 *	load keepalive HOST ADDRESS:PORT COUNT	GETs over 32 kept-alive TLS connections, in bursts
 *
 * What is not to be measured is done first (the kept-alive connections, the first ticket); then it
 * prints "ready", waits for a line on its standard input, does the work, prints one line of JSON
 * (what was done, how often sessions were resumed, bytes read), waits for a line again and ends.
 * Ends with status 1 and words on the first answer that is not a complete 200.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_ALIVE 32

struct load {
	const char *host;
	struct sockaddr_in address;
	SSL_CTX *ctx;
	SSL_SESSION *session; /* the newest ticket, when resuming */
	bool resume;
	char request[512];
	long resumed;
	long done;
	long long bytes_in;
};

static struct load load;

static void stop(const char *what)
{
	(void)fprintf(stderr, "load: %s after %ld: ", what, load.done);
	ERR_print_errors_fp(stderr);
	perror("");
	exit(1);
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(load.session);
	load.session = session;
	return 1;
}

static SSL *connect_one(void)
{
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&load.address, sizeof(load.address)) != 0)
		stop("no connection");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	SSL *ssl = SSL_new(load.ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
	    SSL_set_tlsext_host_name(ssl, load.host) != 1)
		stop("no SSL");
	if (load.resume && load.session != NULL)
		(void)SSL_set_session(ssl, load.session);
	if (SSL_connect(ssl) != 1)
		stop("handshake failed");
	load.resumed += SSL_session_reused(ssl);
	return ssl;
}

static void close_one(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	load.bytes_in += (long long)BIO_number_read(SSL_get_rbio(ssl));
	(void)SSL_shutdown(ssl);
	SSL_free(ssl);
	(void)close(fd);
}

static void send_request(SSL *ssl)
{
	int n = (int)strlen(load.request);

	if (SSL_write(ssl, load.request, n) != n)
		stop("request not sent");
}

/* Reads one answer with a Content-Length to its last byte. */
static void read_answer(SSL *ssl)
{
	char bytes[16384];
	int have = 0;
	char *end = NULL;

	while (end == NULL) {
		int n = SSL_read(ssl, bytes + have, (int)sizeof(bytes) - 1 - have);

		if (n <= 0)
			stop("answer cut off");
		have += n;
		bytes[have] = '\0';
		end = strstr(bytes, "\r\n\r\n");
	}
	if (strncmp(bytes, "HTTP/1.1 200", 12) != 0)
		stop(bytes);
	const char *length = strcasestr(bytes, "\r\ncontent-length:");
	if (length == NULL)
		stop("answer without Content-Length");
	long left = strtol(length + 17, NULL, 10) - (have - (end + 4 - bytes));
	while (left > 0) {
		int n = SSL_read(ssl, bytes, (int)sizeof(bytes));

		if (n <= 0)
			stop("body cut off");
		left -= n;
	}
}

static void run_connections(long count)
{
	for (; load.done < count; load.done++) {
		SSL *ssl = connect_one();

		send_request(ssl);
		read_answer(ssl);
		close_one(ssl);
	}
}

static void run_kept_alive(SSL **conns, long count)
{
	while (load.done < count) {
		for (int i = 0; i < KEPT_ALIVE; i++)
			send_request(conns[i]);
		for (int i = 0; i < KEPT_ALIVE; i++)
			read_answer(conns[i]);
		load.done += KEPT_ALIVE;
	}
}

static void wait_for_line(void)
{
	int c;

	(void)fflush(stdout);
	while ((c = getchar()) != '\n')
		if (c == EOF)
			exit(1);
}

static void report(const char *work)
{
	(void)printf("{\"work\":\"%s\",\"done\":%ld,\"resumed\":%ld,\"bytes_in\":%lld}\n", work,
		     load.done, load.resumed, load.bytes_in);
}

static void prepare(const char *work, const char *host, const char *where)
{
	char address[64];
	const char *colon = strrchr(where, ':');

	if (colon == NULL || (size_t)(colon - where) >= sizeof(address))
		stop("ADDRESS:PORT expected");
	memcpy(address, where, (size_t)(colon - where));
	address[colon - where] = '\0';
	load.host = host;
	load.address.sin_family = AF_INET;
	load.address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, address, &load.address.sin_addr) != 1)
		stop("not an IPv4 address");
	(void)snprintf(load.request, sizeof(load.request),
		       "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n",
		       host);
	load.resume = strcmp(work, "resumed") == 0;
	load.ctx = SSL_CTX_new(TLS_client_method());
	if (load.ctx == NULL || SSL_CTX_set_min_proto_version(load.ctx, TLS1_3_VERSION) != 1)
		stop("no SSL_CTX");
	(void)SSL_CTX_set1_groups_list(load.ctx, "X25519:P-256");
	if (load.resume) {
		(void)SSL_CTX_set_session_cache_mode(load.ctx, SSL_SESS_CACHE_CLIENT |
								       SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(load.ctx, on_session);
	}
}

int main(int argc, char **argv)
{
	SSL *conns[KEPT_ALIVE];

	if (argc != 5) {
		(void)fprintf(stderr,
			      "usage: load full|resumed|keepalive HOST ADDRESS:PORT COUNT\n");
		return 2;
	}
	prepare(argv[1], argv[2], argv[3]);
	long count = strtol(argv[4], NULL, 10);
	bool keep_alive = strcmp(argv[1], "keepalive") == 0;

	for (int i = 0; keep_alive && i < KEPT_ALIVE; i++)
		conns[i] = connect_one();
	if (load.resume)
		run_connections(1);
	load.done = load.resumed = load.bytes_in = 0;
	(void)puts("ready");
	wait_for_line();
	if (keep_alive)
		run_kept_alive(conns, count);
	else
		run_connections(count);
	report(argv[1]);
	wait_for_line();
	for (int i = 0; keep_alive && i < KEPT_ALIVE; i++)
		close_one(conns[i]);
	return 0;
}
