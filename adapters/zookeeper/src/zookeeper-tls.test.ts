import { Authority } from "@allium/node/certificates";
import { registryTlsSuite } from "@allium/testing/registry-suite";
import { describeServer, zookeeperServer } from "@allium/testing/servers";
import { registry } from "./index.ts";

describeServer("zookeeper", (file) => {
	const plain = zookeeperServer({ file });
	registryTlsSuite({
		scheme: "zookeeper",
		registry,
		authority: Authority.create(),
		tlsPort: 1,
		server: ({ ca, serverPair }) => ({
			...plain,
			args: (place) => [
				...plain.args(place),
				`secureClientPort=${place.ports[1]}`,
				"secureClientPortAddress=127.0.0.1",
				"serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
				`ssl.keyStore.location=${serverPair}`,
				`ssl.trustStore.location=${ca}`,
				"ssl.clientAuth=need",
			],
		}),
		withoutCertificate: /cannot be used over TLS: /,
		withoutTls: /if it does not speak TLS, leave out "\+tls"/,
		tlsAlone: /if it takes TLS only, write zookeeper\+tls:\/\/ in its URL/,
	});
});
