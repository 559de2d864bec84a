"""From POST of a hostname to the first handshake that serves its certificate."""
import statistics
import time

from subjects import served_certificate


def post_to_served(everseal, count):
    times = []
    for n in range(count):
        name = f"n{n}-{int(time.time())}.example.net"
        start = time.perf_counter()
        everseal.add_hostname(name)
        while served_certificate(everseal.port, name) is None:
            time.sleep(0.001)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    p99 = times[int(0.99 * (count - 1))]
    print(f"\nPOST to served: {count} hostnames in a row, p50 {statistics.median(times):.1f} ms,"
          f" p99 {p99:.1f} ms, longest {times[-1]:.1f} ms")
    return {"work": "post_to_served", "subject": "everseal", "n": count,
            "p50_ms": round(statistics.median(times), 1), "p99_ms": round(p99, 1),
            "cpu_us": None, "ratio_to_best_peer": None}
