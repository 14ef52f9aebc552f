import { Authority } from "@allium/node/certificates";
import { registryTlsSuite } from "@allium/testing/registry-suite";
import { describeServer, redisServer } from "@allium/testing/servers";
import { registry } from "./index.ts";

describeServer("redis", (file) => {
	const plain = redisServer({ file });
	registryTlsSuite({
		scheme: "redis",
		registry,
		authority: Authority.create(),
		tlsPort: 1,
		server: ({ ca, serverCert, serverKey }) => ({
			...plain,
			ports: 2,
			args: (place) => [
				...plain.args(place),
				...["--tls-port", String(place.ports[1]), "--tls-cert-file", serverCert, "--tls-key-file", serverKey],
				...["--tls-ca-cert-file", ca, "--tls-auth-clients", "yes"],
			],
		}),
		withoutCertificate: /cannot be used over TLS: /,
		withoutTls:
			/^unavailable: Redis at .* did not answer within \d+ ms; if it does not speak TLS, leave out "\+tls"$/,
		tlsAlone: /^\w+: Redis at 127\.0\.0\.1:\d+ .*redis\+tls:/,
	});
});
